// SPDX-License-Identifier: GPL-2.0
/* A policy's configuration: BTF of an object file that somebody else may have made, read, written and described. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "../../host/core/btfvar.h"
#include "../../host/core/error.h"
#include "fuzz.h"

#define MOST_BYTES (1 << 16) /* of one variable; more would only be slow */

static void walk(struct btfvar *var, int depth)
{
	static const char *const texts[] = {"256M", "1.5s", "", "fault", "a text that is longer than most arrays of characters are"};
	unsigned int n = btfvar_count(var);
	enum btfvar_kind kind = btfvar_kind(var);
	struct btfvar member;
	char name[64];

	btfvar_type_name(var, name, sizeof(name));
	btfvar_doc(var);
	btfvar_unit(var);
	for (unsigned int i = 0; kind == BTFVAR_ENUM && i < 64 && btfvar_enumerator(var, i); i++)
		;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		btfvar_set_text(var, texts[i], NULL);
	btfvar_set_int(var, -1, NULL);
	btfvar_set_bool(var, true, NULL);
	if (kind == BTFVAR_INT)
		btfvar_int(var);
	if (kind == BTFVAR_UINT || kind == BTFVAR_ENUM)
		btfvar_uint(var);
	if (kind == BTFVAR_BOOL)
		btfvar_bool(var);
	if (kind == BTFVAR_TEXT || kind == BTFVAR_ENUM)
		btfvar_text(var);
	if (kind == BTFVAR_STRUCT)
		btfvar_find(var, "no such member", &member, NULL);
	for (unsigned int i = 0; depth && (kind == BTFVAR_STRUCT || kind == BTFVAR_ARRAY) && i < n && i < 32; i++) {
		btfvar_at(var, i, &member);
		walk(&member, depth - 1);
	}
}

static int say_nothing(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct btf *btf;

	libbpf_set_print(say_nothing);
	btf = btf__new(data, size);
	for (unsigned int id = 1; btf && id < btf__type_cnt(btf) && id < 256; id++) {
		struct btfvar var;
		size_t bytes;

		btfvar_init(&var, btf, id, "fuzzed", NULL);
		bytes = btfvar_size(&var);
		if (!bytes || bytes > MOST_BYTES)
			continue;
		var.data = calloc(1, bytes);
		MUST(var.data);
		walk(&var, 3);
		free(var.data);
	}
	btf__free(btf);
	return 0;
}
