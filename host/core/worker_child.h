/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_CHILD_H
#define MEMLUA_WORKER_CHILD_H

#include <stdatomic.h>

#include "clock.h"
#include "histogram.h"
#include "worker_kind.h"
#include "worker_rate.h"

/*
 * What the kinds of worker use in the child. The memory is shared with the supervisor, which has
 * touched all of it beforehand: it is charged to the supervisor and never to the tenant.
 */
struct worker_shared {
	_Atomic uint64_t started, allocated, finished; /* ns, 0 until then */
	_Atomic uint64_t reached, read_bytes, passes_done;
	_Atomic uint64_t steps_done, lag_max, lag_last;
	_Atomic uint64_t requests_due, requests_done, requests_late, requests_missed,
		requests_failed;
	int error_code;  /* errno of a failure; 0: the text says all */
	char error[256]; /* what failed */
	struct histogram latency;
	struct worker_windows *windows; /* with a rate: of its own mapping, else NULL */
	struct worker_sample last, samples[WORKER_SAMPLES];
	uint32_t nsamples;
	uint32_t stride, skipped; /* one sample in stride is kept */
};

/*
 * Note how many bytes are done by now. When the samples are full, every other one is dropped and
 * from then on only half as many are kept.
 */
void worker_sample(struct worker_shared *s, uint64_t now, uint64_t bytes);

/* Count the latency of one chunk, and a progress sample. Return: the time now. */
uint64_t worker_chunk_done(struct worker_shared *s, uint64_t began, uint64_t bytes);

/* End the child as failed; fmt names what failed, code is the errno, or 0 when there is none. */
_Noreturn void worker_fail(struct worker_shared *s, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Nothing to read; what is written goes to spec->output, or to the supervisor's standard error. */
void worker_redirect(const struct worker_spec *spec, struct worker_shared *s);

/* The streams as above, then the environment and the user of the spec: what is done next is that user's. */
void worker_settle(const struct worker_spec *spec, struct worker_shared *s);

/* Checks that several kinds share. */
int worker_check_user(const struct worker_spec *spec, struct error *err);
int worker_check_sizes(const struct worker_spec *spec, struct error *err);

#endif
