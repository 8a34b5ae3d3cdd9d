/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_H
#define MEMLUA_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "histogram.h"

struct cgroup;
struct error;
struct worker;
struct worker_figure;
struct worker_shared;
struct worker_spec;

/*
 * A worker is a child process that loads its cgroup, in which it is born. What it measures it
 * writes to memory shared with the supervisor, so a worker that is killed loses nothing.
 *
 * A kind of worker is what its process does; worker_kinds lists those of the core.
 */
struct worker_kind {
	const char *name;
	const char *takes; /* keys of a workload of this kind in a scenario, "!" behind those that it needs */
	const char *times; /* what a latency is of; NULL: it measures no progress */
	/* Complain before anything is started. */
	int (*check)(const struct worker_spec *spec, struct error *err);
	/* In the child: returns to end with success, else worker_fail(). */
	void (*run)(const struct worker_spec *spec, struct worker_shared *shared);
};

/* A new kind is a file worker_NAME.c that defines worker_NAME, and its name here. */
#define WORKER_KINDS(KIND) KIND(anon) KIND(file) KIND(exec) KIND(trace)

#define DECLARE_KIND(name) extern const struct worker_kind worker_##name;
WORKER_KINDS(DECLARE_KIND)
#undef DECLARE_KIND

/* The kinds above, NULL-terminated. */
extern const struct worker_kind *const worker_kinds[];

/* One sample of a trace: from `seconds` on it uses `bytes`; cpu: share of one CPU used until then. */
struct worker_point {
	double seconds;
	uint64_t bytes;
	double cpu;
};

struct worker_spec {
	const struct worker_kind *kind;
	const char *name;                  /* for messages and results; may be NULL */
	uint64_t size;                     /* bytes to touch (anon) or to write (file) */
	uint64_t chunk;                    /* bytes per latency sample */
	double delay, hold;                /* seconds before the start, and after the work */
	bool huge;                         /* anon, trace: huge pages by madvise() */
	const char *file;                  /* file: path of the file to make */
	uint64_t passes;                   /* file: how often it is read (0: once), */
	double duration;                   /* or for how many seconds, when not 0 */
	char *const *argv;                 /* exec: NULL-terminated */
	const char *output; /* exec, lua: file for what it writes; NULL: our standard error */
	const struct worker_point *points; /* trace: the curve, times never falling */
	size_t npoints;
	double speed;        /* trace: how many of its seconds pass in one */
	uint64_t base;       /* trace: bytes kept beside the curve */
	const void *context; /* for kinds from elsewhere */
};

#define WORKER_SAMPLES 256

struct worker_sample {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t
		bytes; /* done by then: touched (anon), written and read (file); held then (trace) */
};

/* What is known of a worker that has ended; times in ns of CLOCK_MONOTONIC, 0 when not reached. */
struct worker_result {
	uint64_t spawned, started, allocated, finished;
	const char *ended; /* done, failed, oom-killed, killed, or the reason of worker_kill() */
	int signal;        /* that ended it, or 0 */
	int exit_code;     /* or -1 */
	char error[512];   /* "" or why it failed */
	const struct histogram *latency; /* ns per chunk (trace: per rise); as long as the worker */
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
