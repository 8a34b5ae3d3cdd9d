// SPDX-License-Identifier: GPL-2.0
#include "worker_rate.h"

#include "schedule.h"
#include "worker_child.h"

/* Until it is due, or not at all where that is past. */
static void await_due(struct worker_shared *s, uint64_t due)
{
	uint64_t now = clock_ns();

	if (now < due)
		sleep_until_ns(due);
	else if (now > due + WORKER_LATE_NS)
		s->requests_late++;
}

/* @since: from the first phase's begin until it was due. */
static void note(struct worker_shared *s, uint64_t since, uint64_t latency)
{
	uint64_t window = since / s->windows->width;

	histogram_add(&s->windows->latency[window < WORKER_WINDOWS ? window : WORKER_WINDOWS - 1],
		      latency);
}

void worker_rate(const struct worker_spec *spec, struct worker_shared *s,
		 bool (*request)(void *context, uint64_t i), void *context)
{
	uint64_t begun = clock_ns(), n = schedule_count(spec->phases, spec->nphases), all = 0;
	uint64_t end = begun + seconds_to_ns(schedule_end(spec->phases, spec->nphases));

	for (uint64_t i = spec->lane; i < n; i += spec->lanes) {
		uint64_t since = seconds_to_ns(schedule_due(spec->phases, spec->nphases, i));

		all++;
		if (clock_ns() >= end)
			continue;
		await_due(s, begun + since);
		s->requests_due = all; /* who is stopped owes no more */
		s->requests_failed += !request(context, i);
		note(s, since,
		     worker_chunk_done(s, begun + since, s->reached + s->read_bytes) - begun -
			     since);
		s->requests_done++;
	}
	s->requests_due = all;
	s->requests_missed = all - s->requests_done;
	sleep_until_ns(end);
}
