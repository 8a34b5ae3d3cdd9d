/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_BTFVAR_H
#define MEMLUA_BTFVAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;
struct error;

/*
 * A piece of memory with the type that BTF gives it, and access to it by name. This is how a policy's
 * configuration, statistics and tenants are read and written without a line of C about that policy.
 */
struct btfvar {
	const struct btf *btf;
	uint32_t type;    /* id in btf, any modifiers and typedefs skipped */
	void *data;       /* NULL: only the type is known, nothing to read or write */
	const char *name; /* of the variable or member; for errors */
	uint32_t owner;   /* the struct that it is a member of, or 0 */
	int component;    /* its number there */
};

enum btfvar_kind {
	BTFVAR_INT,
	BTFVAR_UINT,
	BTFVAR_BOOL,
	BTFVAR_ENUM,
	BTFVAR_TEXT, /* array of char */
	BTFVAR_STRUCT,
	BTFVAR_ARRAY,
	BTFVAR_OTHER, /* pointers, bit-fields, unions, floats: shown by name only */
};

/** btfvar_init() - a view of @data as type @type of @btf. */
void btfvar_init(struct btfvar *var, const struct btf *btf, uint32_t type, const char *name,
		 void *data);

enum btfvar_kind btfvar_kind(const struct btfvar *var);

/** btfvar_size() - bytes of the whole. */
size_t btfvar_size(const struct btfvar *var);

/** btfvar_type_name() - "unsigned int", "bool", "enum priority_trigger": for people. */
void btfvar_type_name(const struct btfvar *var, char *text, size_t size);

/** btfvar_doc(), btfvar_unit() - a member's description, its unit ("bytes", "ms"); NULL: it has none. */
const char *btfvar_doc(const struct btfvar *var);
const char *btfvar_unit(const struct btfvar *var);

/** btfvar_count() - members of a struct, elements of an array, characters of a text; else 0. */
unsigned int btfvar_count(const struct btfvar *var);

/** btfvar_at() - the member or element number @i, below btfvar_count(). */
void btfvar_at(const struct btfvar *var, unsigned int i, struct btfvar *member);

/**
 * btfvar_find() - the member of a struct by name.
 * Return: 0, or -1 (ENOENT) with an error that lists the known ones and suggests the nearest.
 */
int btfvar_find(const struct btfvar *var, const char *name, struct btfvar *member,
		struct error *err);

/** btfvar_enumerator() - the name of the i-th enumerator of an enum, or NULL past the last. */
const char *btfvar_enumerator(const struct btfvar *var, unsigned int i);

/* Reading. Which of them applies, btfvar_kind() tells; an INT of any width reads as int64_t. */
int64_t btfvar_int(const struct btfvar *var);
uint64_t btfvar_uint(const struct btfvar *var);
bool btfvar_bool(const struct btfvar *var);
/** btfvar_text() - an enum's enumerator (NULL: none has that value), or a char array's contents. */
const char *btfvar_text(const struct btfvar *var);

/*
 * Writing. Each refuses a member of another type (EINVAL) and a value that doesn't fit (ERANGE), naming
 * the member and what it takes. An enum takes the name of an enumerator. With a unit, an integer also takes
 * "256M" (bytes) or "1.5s" (ms); without, a text of digits is refused: no silent conversion.
 */
int btfvar_set_int(struct btfvar *var, int64_t value, struct error *err);
int btfvar_set_bool(struct btfvar *var, bool value, struct error *err);
int btfvar_set_text(struct btfvar *var, const char *text, struct error *err);

/**
 * btfvar_wrong_type() - the error for a value that the variable doesn't take.
 * @given: what it is instead: "number", "table"
 * Return: -1
 */
int btfvar_wrong_type(const struct btfvar *var, const char *given, struct error *err);

/**
 * btf_tag() - the rest of a declaration tag "KEY:rest" of a type, variable or function.
 * @component: -1 for the declaration itself, else the index of a struct's member
 * @nth: which of several with the same key, from 0
 * Return: the text behind the colon, or NULL.
 */
const char *btf_tag(const struct btf *btf, uint32_t type, int component, const char *key,
		    unsigned int nth);

#endif
