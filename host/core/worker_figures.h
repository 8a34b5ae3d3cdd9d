/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_FIGURES_H
#define MEMLUA_WORKER_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "worker_child.h"

/*
 * What is measured of a worker beside the times of its life: one table, by which w:wait() tells it, run.json keeps it,
 * the figures of several workloads are put together, a run that is read is checked, and the manual is written.
 * A new figure is an entry here; one that the child measures needs a place in struct worker_shared as well.
 */
enum figure_unit {
	FIGURE_COUNT,
	FIGURE_BYTES,
	FIGURE_SECONDS /* kept in ns */
};

/* What the figures of several workloads of one tenant come to. */
enum figure_joint {
	FIGURE_EACH, /* to nothing: each has its own */
	FIGURE_SUM,
};

#define FIGURE_TIMED "timed" /* the kinds that have latencies */

struct worker_figure {
	const char *name, *about;
	enum figure_unit unit;
	enum figure_joint joint;
	/* that measure it always: " anon file ", FIGURE_TIMED; NULL: all. The others when not 0 */
	const char *kinds;
	uint64_t (*value)(const struct worker_shared *s, const struct rusage *u);
};

/* The last one has no name. */
extern const struct worker_figure worker_figures[];

/** worker_figure_of() - whether it is one that a worker of that kind measures always. */
bool worker_figure_of(const struct worker_figure *figure, const struct worker_kind *kind);

#endif
