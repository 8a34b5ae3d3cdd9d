// SPDX-License-Identifier: GPL-2.0
#include "worker_figures.h"

#include <stdio.h>
#include <string.h>

#define SHARED(field)                                                                              \
	static uint64_t field(const struct worker_shared *s, const struct rusage *u)               \
	{                                                                                          \
		(void)u;                                                                           \
		return s->field;                                                                   \
	}
#define USAGE(name, expression)                                                                    \
	static uint64_t name(const struct worker_shared *s, const struct rusage *u)                \
	{                                                                                          \
		(void)s;                                                                           \
		return expression;                                                                 \
	}

static uint64_t timeval_ns(struct timeval t)
{
	return t.tv_sec * NSEC_PER_SEC + t.tv_usec * 1000;
}

SHARED(reached)
SHARED(read_bytes)
SHARED(passes_done)
SHARED(steps_done)
SHARED(lag_max)
SHARED(lag_last)
SHARED(requests_due)
SHARED(requests_done)
SHARED(requests_late)
SHARED(requests_missed)
SHARED(requests_failed)
USAGE(cpu, timeval_ns(u->ru_utime) + timeval_ns(u->ru_stime))
USAGE(major_faults, u->ru_majflt)
USAGE(minor_faults, u->ru_minflt)

const struct worker_figure worker_figures[] = {
	{"reached", "bytes touched, written or (lua) told by step(), also of one that was killed",
	 FIGURE_BYTES, FIGURE_SUM, FIGURE_TIMED, reached},
	{"read_bytes",
	 "bytes read again (file), or changed again (anon with passes, duration or rate)",
	 FIGURE_BYTES, FIGURE_SUM, " file ", read_bytes},
	{"passes_done", "whole passes of that", FIGURE_COUNT, FIGURE_SUM, " file ", passes_done},
	{"steps_done", "samples of the trace that were replayed", FIGURE_COUNT, FIGURE_EACH,
	 " trace ", steps_done},
	{"lag_max_s", "how far behind the trace's clock a sample was done, at most", FIGURE_SECONDS,
	 FIGURE_EACH, " trace ", lag_max},
	{"lag_last_s", "and the last one", FIGURE_SECONDS, FIGURE_EACH, " trace ", lag_last},
	{"requests_due", "requests that its rate asks for in its time", FIGURE_COUNT, FIGURE_SUM,
	 " ", requests_due},
	{"requests_done", "those that were made", FIGURE_COUNT, FIGURE_SUM, " ", requests_done},
	{"requests_late", "of these, begun more than 1 ms after they were due", FIGURE_COUNT,
	 FIGURE_SUM, " ", requests_late},
	{"requests_missed", "due, but not begun when its time was over", FIGURE_COUNT, FIGURE_SUM,
	 " ", requests_missed},
	{"requests_failed", "for which its function returned false", FIGURE_COUNT, FIGURE_SUM, " ",
	 requests_failed},
	{"cpu_s", "CPU time, user and system, with the children that it waited for", FIGURE_SECONDS,
	 FIGURE_SUM, NULL, cpu},
	{"major_faults", "page faults that waited for a disk, with the same children's",
	 FIGURE_COUNT, FIGURE_SUM, NULL, major_faults},
	{"minor_faults", "page faults that didn't, likewise", FIGURE_COUNT, FIGURE_SUM, NULL,
	 minor_faults},
	{0},
};

bool worker_figure_of(const struct worker_figure *figure, const struct worker_kind *kind)
{
	char word[32];

	if (!figure->kinds || !strcmp(figure->kinds, FIGURE_TIMED))
		return !figure->kinds || kind->times;
	snprintf(word, sizeof(word), " %s ", kind->name);
	return strstr(figure->kinds, word) != NULL;
}
