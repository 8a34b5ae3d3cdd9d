/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_H
#define MEMLUA_WORKER_H

#include <sys/types.h>

#include "histogram.h"
#include "worker_kind.h"

struct cgroup;
struct error;
struct worker;
struct worker_figure;

/* What is known of a worker that has ended; times in ns of CLOCK_MONOTONIC, 0 when not reached. */
struct worker_result {
	uint64_t spawned, started, allocated, finished;
	const char *ended; /* done, failed, oom-killed, killed, or the reason of worker_kill() */
	int signal;        /* that ended it, or 0 */
	int exit_code;     /* or -1 */
	char error[512];   /* "" or why it failed */
	const struct histogram *latency; /* ns per chunk (trace: per rise); as long as the worker */
	const struct worker_windows *windows; /* with a rate, else NULL; as long as the worker */
	size_t nsamples;
	struct worker_sample samples[WORKER_SAMPLES + 1]; /* times strictly increase */
};

/**
 * worker_spawn() - start a worker.
 * @cg:   where it is born; NULL: in the supervisor's own cgroup
 * @spec: copied as far as it is needed later
 * Return: the worker, to be given to worker_free(), or NULL.
 */
struct worker *worker_spawn(const struct cgroup *cg, const struct worker_spec *spec,
			    struct error *err);

/**
 * worker_wait() - wait until one of several workers has ended.
 * @n:       at least 1
 * @timeout: seconds; negative: none
 * Return: its index, or -1 with ETIMEDOUT, or EINTR when memlua was asked to end.
 */
int worker_wait(struct worker *const workers[], size_t n, double timeout, struct error *err);

/** worker_ended() - whether it has ended, without waiting. */
bool worker_ended(struct worker *w);

/**
 * worker_kill() - SIGKILL.
 * @reason: a literal: what the result says of how it ended ("killed", "timed out")
 */
void worker_kill(struct worker *w, const char *reason);

/**
 * worker_signal() - ask it to end by a signal that it may handle. However it ends from then on, the result gives
 * @reason, a literal; worker_kill() after it only ends the waiting.
 */
void worker_signal(struct worker *w, int signal, const char *reason);

/** worker_result() - fill in the result of a worker that has ended. */
void worker_result(const struct worker *w, struct worker_result *result);

/** worker_figure() - what a worker that has ended has of one of worker_figures[]; FIGURE_SECONDS in ns. */
uint64_t worker_figure(const struct worker *w, const struct worker_figure *figure);

/** worker_progress() - bytes it has touched or written by now. */
uint64_t worker_progress(const struct worker *w);

pid_t worker_pid(const struct worker *w);
const char *worker_name(const struct worker *w);
const struct worker_kind *worker_kind_of(const struct worker *w);
uint64_t worker_size(const struct worker *w);

/** worker_free() - kill it if it still runs, reap it, release everything. */
void worker_free(struct worker *w);

#endif
