/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_COLLECT_H
#define MEMLUA_COLLECT_H

#include <stddef.h>
#include <stdint.h>

struct error;

/* What was taken of a folder, and what was left there. */
struct collected {
	unsigned int files, others;
	uint64_t bytes;
	char left_out[256]; /* the first of those that were left, and why; "" when none was */
};

/** The most files that are taken. */
#define COLLECT_FILES_MAX 256u

/**
 * collect_folder() - copy what programs have left in a folder, which may be anything: plain files only, no link is followed,
 * of the names that a run's folder takes (results_welcomes()), three folders deep at most.
 * @to:   made where something is taken
 * @most: bytes of all together; a file that doesn't fit in is left out whole
 * Return: 0, also where something was left out, or -1 where @to can't be written.
 */
int collect_folder(const char *from, const char *to, uint64_t most, struct collected *collected,
		   struct error *err);

#endif
