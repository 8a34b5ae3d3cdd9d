/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_FACTS_H
#define MEMLUA_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What this machine is: the facts without which a figure can't be compared with another one. */
struct facts {
	char release[128]; /* uname -r */
	char arch[32];
	char cpu[128];   /* model name; empty when the kernel doesn't say */
	long cpus;       /* online */
	uint64_t memory; /* bytes */
	uint64_t swap;   /* bytes */
	long page_size;  /* bytes */
	long hz;         /* ticks a second of user-visible times (USER_HZ) */
	long tick_ns;    /* length of a jiffy */
	char clocksource[32];
	char thp[16];   /* transparent huge pages: always, madvise or never */
	char mglru[16]; /* /sys/kernel/mm/lru_gen/enabled, empty when there is none */
};

/** facts_read() - fill in; what can't be read is left empty or 0. */
void facts_read(struct facts *facts);

/** facts_monotonic() - CLOCK_MONOTONIC in seconds; the clock of all times that memlua reports. */
double facts_monotonic(void);

/** facts_libbpf() - the version of the libbpf that memlua runs with, "1.4"; static storage. */
const char *facts_libbpf(void);

#endif
