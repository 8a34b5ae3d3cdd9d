/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WORKER_BIRTH_H
#define MEMLUA_WORKER_BIRTH_H

#include <sys/types.h>

#include "worker_kind.h"

/*
 * Fork a worker into a cgroup (a directory's descriptor, or -1: the caller's own). Nothing is charged to the cgroup
 * before the worker is clean: it has no descriptor of ours but the standard ones, no signal handler, no lock.
 * pidfd: set to a descriptor of it, close-on-exec.
 * Return: 0 in the worker, its pid in the caller, -1 with errno (those of clone3(2)).
 */
pid_t worker_birth(int cgroup, const struct worker_spec *spec, int *pidfd);

#endif
