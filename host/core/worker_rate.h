/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_RATE_H
#define MEMLUA_WORKER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

struct worker_shared;
struct worker_spec;

/* The latencies of the requests that were due within each part of a workload's time. */
#define WORKER_WINDOWS 60 /* as many as a picture needs; 15 KB each */

struct worker_windows {
	uint64_t width; /* ns */
	struct histogram latency[WORKER_WINDOWS];
};

/* Later than this is late: less is what waking up takes. */
#define WORKER_LATE_NS 1000000

/**
 * worker_rate() - make the requests of spec->phases that are this worker's, one after the other, each when it is due by the clock
 * from now on, and return when the last phase is over. The latency of a request counts from when it was due, so that a stall counts
 * for all that it kept from being made in time; one that would begin after the last phase is missed.
 * @request: makes request @i, from 0; false: it failed
 */
void worker_rate(const struct worker_spec *spec, struct worker_shared *s,
		 bool (*request)(void *context, uint64_t i), void *context);

#endif
