/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_KIND_H
#define MEMLUA_WORKER_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct schedule_phase;
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
	/* keys of a workload of this kind in a scenario, "!" behind those that it needs */
	const char *takes;
	const char *times; /* what a latency is of; NULL: it measures no progress */
	/* Complain before anything is started; NULL: it takes its keys as they are. */
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
	const char *name;   /* for messages and results; may be NULL */
	uint64_t size;      /* bytes to touch (anon) or to write (file) */
	uint64_t chunk;     /* bytes per latency sample */
	double delay, hold; /* seconds before the start, and after the work */
	bool huge;          /* anon, trace: huge pages by madvise() */
	const char *file;   /* file: path of the file to make */
	uint64_t passes;    /* file: how often it is read (0: once), */
	double duration;    /* or for how many seconds, when not 0 */
	char *const *argv;  /* exec: NULL-terminated */
	const char *user;   /* exec, lua: who it runs as; NULL: who we are */
	/* exec, lua: "NAME=VALUE", NULL-terminated, over our environment; may be NULL */
	char *const *env;
	const char *output; /* exec, lua: file for what it writes; NULL: our standard error */
	const struct worker_point *points; /* trace: the curve, times never falling */
	size_t npoints;
	double speed;  /* trace: how many of its seconds pass in one */
	uint64_t base; /* trace: bytes kept beside the curve */
	/* anon, file, lua: when its requests are due; without any it runs by itself */
	const struct schedule_phase *phases;
	size_t nphases;
	uint64_t lane, lanes; /* of these every lanes-th is its own, from number lane on */
	const void *context;  /* for kinds from elsewhere */
};

#define WORKER_SAMPLES 256

struct worker_sample {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint64_t
		bytes; /* done by then: touched (anon), written and read (file); held then (trace) */
};

#endif
