/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_WATCH_H
#define MEMLUA_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

/*
 * Files of a cgroup that tell of a change by poll(): memory.events, and pressure files with a trigger
 * (Documentation/accounting/psi.rst).
 */

/**
 * watch_open() - open a file to wait for its next change.
 * @trigger: what a pressure file takes, as in "some 150000 1000000" (us of stall in us of time); NULL: the file itself tells
 * Return: a descriptor for close(), or -1: ENOENT where the kernel has no such file, EOPNOTSUPP where pressure is off,
 * EINVAL for a trigger that it refuses.
 */
int watch_open(const char *path, const char *trigger, struct error *err);

/**
 * watch_wait() - wait until one of the files has changed since it was last told, or for a signal to end.
 * @fired:    set to which have
 * @deadline: of clock_ns(); UINT64_MAX: none
 * @woken:    when the kernel woke this process up, by the time that it then waited for a CPU (/proc/self/schedstat); of a
 *            change that was there already, the end of the wait before this one: at the earliest
 * Return: how many, 0 at the deadline, or -1 (EINTR: memlua_interrupted).
 */
int watch_wait(const int *fds, bool *fired, size_t n, uint64_t deadline, uint64_t *woken,
	       struct error *err);

#endif
