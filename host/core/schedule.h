/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SCHEDULE_H
#define MEMLUA_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When requests of a fixed rate are due: evenly spread over each phase, however long those before them took. */

struct schedule_phase {
	double rate;    /* requests a second; 0: none */
	double seconds; /* how long it lasts */
};

/** schedule_count() - how many requests all phases have together. */
uint64_t schedule_count(const struct schedule_phase *phases, size_t n);

/** schedule_end() - seconds until the last phase is over. */
double schedule_end(const struct schedule_phase *phases, size_t n);

/** schedule_due() - seconds from the start until request @i, counted from 0, is due; @i must be below schedule_count(). */
double schedule_due(const struct schedule_phase *phases, size_t n, uint64_t i);

#endif
