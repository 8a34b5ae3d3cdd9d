// SPDX-License-Identifier: GPL-2.0
#include "btfvar.h"

#include <assert.h>
#include <bpf/btf.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "nearest.h"
#include "units.h"

#define MAX_NAMES 128

static const struct btf_type *type_of(const struct btfvar *var)
{
	return btf__type_by_id(var->btf, var->type);
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	const char *name = btf__name_by_offset(btf, offset);

	return name ? name : "";
}

void btfvar_init(struct btfvar *var, const struct btf *btf, uint32_t type, const char *name,
		 void *data)
{
	int resolved = btf__resolve_type(btf, type);

	*var = (struct btfvar){
		.btf = btf,
		.type = resolved < 0 ? type : (uint32_t)resolved,
		.name = name,
		.data = data,
	};
}

/* --- what it is --- */

static bool is_text(const struct btf *btf, const struct btf_type *array)
{
	int element = btf__resolve_type(btf, btf_array(array)->type);
	const struct btf_type *t = btf__type_by_id(btf, element);

	return t && btf_is_int(t) && t->size == 1 && !(btf_int_encoding(t) & BTF_INT_BOOL) &&
	       strstr(name_of(btf, t->name_off), "char");
}

/* As a number here has: BTF may say any size, 0 too. */
static bool is_sized(const struct btf_type *t)
{
	return t->size >= 1 && t->size <= sizeof(uint64_t);
}

static enum btfvar_kind int_kind(const struct btf_type *t)
{
	if (!is_sized(t) || btf_int_offset(t) || btf_int_bits(t) != t->size * 8)
		return BTFVAR_OTHER;
	if (btf_int_encoding(t) & BTF_INT_BOOL)
		return BTFVAR_BOOL;
	return btf_int_encoding(t) & BTF_INT_SIGNED ? BTFVAR_INT : BTFVAR_UINT;
}

enum btfvar_kind btfvar_kind(const struct btfvar *var)
{
	const struct btf_type *t = type_of(var);

	switch (t ? btf_kind(t) : BTF_KIND_UNKN) {
	case BTF_KIND_INT:
		return int_kind(t);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return is_sized(t) ? BTFVAR_ENUM : BTFVAR_OTHER;
	case BTF_KIND_STRUCT:
		return BTFVAR_STRUCT;
	case BTF_KIND_ARRAY:
		return is_text(var->btf, t) ? BTFVAR_TEXT : BTFVAR_ARRAY;
	default:
		return BTFVAR_OTHER;
	}
}

size_t btfvar_size(const struct btfvar *var)
{
	int64_t size = btf__resolve_size(var->btf, var->type);

	return size < 0 ? 0 : size;
}

unsigned int btfvar_count(const struct btfvar *var)
{
	const struct btf_type *t = type_of(var);

	switch (btfvar_kind(var)) {
	case BTFVAR_STRUCT:
		return btf_vlen(t);
	case BTFVAR_ARRAY:
	case BTFVAR_TEXT:
		return btf_array(t)->nelems;
	default:
		return 0;
	}
}

void btfvar_type_name(const struct btfvar *var, char *text, size_t size)
{
	const struct btf_type *t = type_of(var);
	struct btfvar element;
	char of[64];

	switch (btfvar_kind(var)) {
	case BTFVAR_ENUM:
		snprintf(text, size, "enum %s", name_of(var->btf, t->name_off));
		break;
	case BTFVAR_STRUCT:
		snprintf(text, size, "struct %s", name_of(var->btf, t->name_off));
		break;
	case BTFVAR_TEXT:
		snprintf(text, size, "char[%u]", btfvar_count(var));
		break;
	case BTFVAR_ARRAY:
		btfvar_at(var, 0, &element);
		btfvar_type_name(&element, of, sizeof(of));
		snprintf(text, size, "%s[%u]", of, btfvar_count(var));
		break;
	case BTFVAR_BOOL:
		snprintf(text, size, "bool");
		break;
	case BTFVAR_OTHER:
		snprintf(text, size, "%s", t && btf_is_ptr(t) ? "pointer" : "other");
		break;
	default:
		snprintf(text, size, "%s", name_of(var->btf, t->name_off));
	}
}

/* --- what it is made of --- */

const char *btf_tag(const struct btf *btf, uint32_t type, int component, const char *key,
		    unsigned int nth)
{
	size_t len = strlen(key);

	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const char *text;

		if (!btf_is_decl_tag(t) || t->type != type ||
		    btf_decl_tag(t)->component_idx != component)
			continue;
		text = name_of(btf, t->name_off);
		if (!strncmp(text, key, len) && text[len] == ':' && !nth--)
			return text + len + 1;
	}
	return NULL;
}

const char *btfvar_doc(const struct btfvar *var)
{
	return var->owner ? btf_tag(var->btf, var->owner, var->component, "doc", 0) : NULL;
}

const char *btfvar_unit(const struct btfvar *var)
{
	return var->owner ? btf_tag(var->btf, var->owner, var->component, "unit", 0) : NULL;
}

static void *offset(void *data, size_t bytes)
{
	return data ? (char *)data + bytes : NULL;
}

/* libbpf checks the parts of BTF, not that they fit together: a member could lie outside of its struct. */
static bool lies_inside(const struct btfvar *var, const struct btf_type *t, unsigned int i)
{
	int64_t size = btf__resolve_size(var->btf, btf_members(t)[i].type);

	return size >= 0 && btf_member_bit_offset(t, i) / 8 + (uint64_t)size <= t->size;
}

static void member_at(const struct btfvar *var, unsigned int i, struct btfvar *member)
{
	const struct btf_type *t = type_of(var);
	const struct btf_member *m = btf_members(t) + i;
	bool plain = !btf_member_bitfield_size(t, i) && lies_inside(var, t, i);

	/* type 0 is void: a bit-field is shown by its name and otherwise left alone */
	btfvar_init(member, var->btf, plain ? m->type : 0, name_of(var->btf, m->name_off),
		    offset(var->data, btf_member_bit_offset(t, i) / 8));
	member->owner = var->type;
	member->component = i;
}

void btfvar_at(const struct btfvar *var, unsigned int i, struct btfvar *member)
{
	const struct btf_type *t = type_of(var);

	if (btfvar_kind(var) == BTFVAR_STRUCT) {
		member_at(var, i, member);
		return;
	}
	btfvar_init(member, var->btf, btf_array(t)->type, var->name, NULL);
	member->data = offset(var->data, i * btfvar_size(member));
	member->owner = var->owner;
	member->component = var->component;
}

int btfvar_find(const struct btfvar *var, const char *name, struct btfvar *member,
		struct error *err)
{
	const char *known[MAX_NAMES] = {};
	unsigned int count = btfvar_kind(var) == BTFVAR_STRUCT ? btfvar_count(var) : 0, nknown = 0;
	char hint[1024];

	for (unsigned int i = 0; i < count; i++) {
		btfvar_at(var, i, member);
		if (!strcmp(member->name, name))
			return 0;
		if (nknown < MAX_NAMES - 1 && btfvar_kind(member) != BTFVAR_OTHER)
			known[nknown++] = member->name;
	}
	return error_set(err, ENOENT, "%s: unknown key '%s'%s", var->name, name,
			 nearest_hint(name, known, hint, sizeof(hint)));
}

const char *btfvar_enumerator(const struct btfvar *var, unsigned int i)
{
	const struct btf_type *t = type_of(var);

	if (btfvar_kind(var) != BTFVAR_ENUM || i >= btf_vlen(t))
		return NULL;
	if (btf_is_enum64(t))
		return name_of(var->btf, btf_enum64(t)[i].name_off);
	return name_of(var->btf, btf_enum(t)[i].name_off);
}

static uint64_t enumerator_value(const struct btfvar *var, unsigned int i)
{
	const struct btf_type *t = type_of(var);

	return btf_is_enum64(t) ? btf_enum64_value(btf_enum64(t) + i) :
				  (uint64_t)(int64_t)btf_enum(t)[i].val;
}

/* --- reading --- */

/* Of other sizes there is no number: btfvar_kind() takes none for one. */
static size_t number_size(const struct btfvar *var)
{
	size_t size = btfvar_size(var);

	assert(size >= 1 && size <= sizeof(uint64_t));
	return size;
}

/* The bytes as they are, little end first: BPF objects have the byte order of their machine. */
uint64_t btfvar_uint(const struct btfvar *var)
{
	uint64_t value = 0;

	memcpy(&value, var->data, number_size(var));
	return value;
}

static int64_t sign_extend(uint64_t value, size_t size)
{
	unsigned int shift = 64 - size * 8;

	return (int64_t)(value << shift) >> shift;
}

int64_t btfvar_int(const struct btfvar *var)
{
	return sign_extend(btfvar_uint(var), number_size(var));
}

bool btfvar_bool(const struct btfvar *var)
{
	return btfvar_uint(var) != 0;
}

const char *btfvar_text(const struct btfvar *var)
{
	if (btfvar_kind(var) != BTFVAR_ENUM)
		return var->data;
	for (unsigned int i = 0; btfvar_enumerator(var, i); i++)
		if (sign_extend(enumerator_value(var, i), number_size(var)) == btfvar_int(var))
			return btfvar_enumerator(var, i);
	return NULL;
}

/* --- writing --- */

int btfvar_wrong_type(const struct btfvar *var, const char *given, struct error *err)
{
	char type[128];

	if (btfvar_kind(var) == BTFVAR_OTHER)
		return error_set(err, EINVAL, "%s: is of a type that can't be set", var->name);
	btfvar_type_name(var, type, sizeof(type));
	return error_set(err, EINVAL, "%s: takes %s %s, not a %s", var->name,
			 strchr("aeiou", *type) ? "an" : "a", type, given);
}

static void store(struct btfvar *var, uint64_t value)
{
	memcpy(var->data, &value, number_size(var));
}

static int set_signed(struct btfvar *var, int64_t value, struct error *err)
{
	unsigned int bits = number_size(var) * 8;
	int64_t max = INT64_MAX >> (64 - bits);

	if (value > max || value < -max - 1)
		return error_set(err, ERANGE,
				 "%s: %" PRId64 " is out of range; %" PRId64 " to %" PRId64,
				 var->name, value, -max - 1, max);
	store(var, value);
	return 0;
}

static int set_unsigned(struct btfvar *var, uint64_t value, struct error *err)
{
	uint64_t max = UINT64_MAX >> (64 - number_size(var) * 8);

	if (value > max)
		return error_set(err, ERANGE, "%s: %" PRIu64 " is out of range; 0 to %" PRIu64,
				 var->name, value, max);
	store(var, value);
	return 0;
}

int btfvar_set_int(struct btfvar *var, int64_t value, struct error *err)
{
	switch (btfvar_kind(var)) {
	case BTFVAR_INT:
		return set_signed(var, value, err);
	case BTFVAR_UINT:
		if (value < 0)
			return error_set(err, ERANGE, "%s: %" PRId64 " is negative; 0 or more",
					 var->name, value);
		return set_unsigned(var, value, err);
	default:
		return btfvar_wrong_type(var, "number", err);
	}
}

int btfvar_set_bool(struct btfvar *var, bool value, struct error *err)
{
	if (btfvar_kind(var) != BTFVAR_BOOL)
		return btfvar_wrong_type(var, "boolean", err);
	store(var, value);
	return 0;
}

static int set_enumerator(struct btfvar *var, const char *text, struct error *err)
{
	const char *known[MAX_NAMES] = {}, *name;
	char hint[1024];

	for (unsigned int i = 0; (name = btfvar_enumerator(var, i)); i++) {
		if (!strcmp(name, text)) {
			store(var, enumerator_value(var, i));
			return 0;
		}
		if (i < MAX_NAMES - 1)
			known[i] = name;
	}
	return error_set(err, EINVAL, "%s: unknown value '%s'%s", var->name, text,
			 nearest_hint(text, known, hint, sizeof(hint)));
}

static int set_characters(struct btfvar *var, const char *text, struct error *err)
{
	size_t size = btfvar_size(var), len = strlen(text);

	if (len >= size)
		return error_set(err, ERANGE, "%s: %zu characters; at most %zu fit", var->name, len,
				 size - 1);
	memset(var->data, 0, size);
	memcpy(var->data, text, len);
	return 0;
}

static int set_size(struct btfvar *var, const char *text, struct error *err)
{
	uint64_t bytes;

	if (parse_size(text, &bytes, err))
		return error_prefix(err, "%s", var->name);
	return btfvar_set_int(var, bytes, err);
}

static int set_milliseconds(struct btfvar *var, const char *text, struct error *err)
{
	double seconds;

	if (parse_duration(text, &seconds, err))
		return error_prefix(err, "%s", var->name);
	if (seconds >= (double)(INT64_MAX / 1000))
		return error_set(err, ERANGE, "%s: %s is out of range", var->name, text);
	if (fabs(seconds * 1000 - (double)llround(seconds * 1000)) > 1e-6)
		return error_set(err, EINVAL, "%s: %s is no whole number of ms", var->name, text);
	return btfvar_set_int(var, llround(seconds * 1000), err);
}

static int set_quantity(struct btfvar *var, const char *text, struct error *err)
{
	const char *unit = btfvar_unit(var);

	if (unit && !strcmp(unit, "bytes"))
		return set_size(var, text, err);
	if (unit && !strcmp(unit, "ms"))
		return set_milliseconds(var, text, err);
	return btfvar_wrong_type(var, "text", err);
}

int btfvar_set_text(struct btfvar *var, const char *text, struct error *err)
{
	switch (btfvar_kind(var)) {
	case BTFVAR_ENUM:
		return set_enumerator(var, text, err);
	case BTFVAR_TEXT:
		return set_characters(var, text, err);
	case BTFVAR_INT:
	case BTFVAR_UINT:
		return set_quantity(var, text, err);
	default:
		return btfvar_wrong_type(var, "text", err);
	}
}
