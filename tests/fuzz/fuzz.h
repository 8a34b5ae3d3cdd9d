/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_FUZZ_H
#define MEMLUA_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer calls this for each input; the sanitizers and abort() tell of a fault. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must hold after every input, also where the sanitizers see nothing. */
#define MUST(condition) do { if (!(condition)) abort(); } while (0)

/* The input as a string of its own, to be freed, so that a read past its end is seen. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
