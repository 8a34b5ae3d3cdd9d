/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_HOSTWAIT_H
#define MEMLUA_HOSTWAIT_H

#include <stdint.h>

struct bpf_object;
struct bpf_link;
struct error;

/*
 * How long the file requests of cgroups are in flight: in the microVM, how long its tenants wait for the host
 * (bpf/measure/hostwait.bpf.c).
 */
struct hostwait {
	struct bpf_object *object; /* NULL: closed */
	struct bpf_link *links[3];
	int waits; /* the map of those watched */
};

struct hostwait_sum {
	uint64_t requests;
	uint64_t ns; /* at least one was in flight */
	/* the CPU idled meanwhile; of a machine with one CPU only, else meaningless */
	uint64_t idle_ns;
};

/**
 * hostwait_open() - begin to measure.
 * Return: 0, or -1 with the reason: not permitted (EPERM), a kernel without FUSE's tracepoints (ENOTSUP; they came
 * with 6.11).
 */
int hostwait_open(struct hostwait *h, struct error *err);

/** hostwait_watch() - count for a cgroup and those below it, from 0. Return: 0, or -1 (E2BIG: too many). */
int hostwait_watch(struct hostwait *h, uint64_t cgroup, struct error *err);

/** hostwait_read() - what it has come to since; of requests that are still in flight nothing but their number.
 * Return: 0, or -1 (ENOENT: not watched). */
int hostwait_read(const struct hostwait *h, uint64_t cgroup, struct hostwait_sum *sum,
		  struct error *err);

/** hostwait_close() - idempotent. */
void hostwait_close(struct hostwait *h);

#endif
