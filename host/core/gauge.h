/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_GAUGE_H
#define MEMLUA_GAUGE_H

#include <stdint.h>

struct cgroup;
struct error;

/* The files of a gauge; all but the first may be missing: a controller that is off, a kernel that counts no pressure. */
enum gauge_file {
	GAUGE_MEMORY,
	GAUGE_MEMORY_PRESSURE,
	GAUGE_CPU,
	GAUGE_CPU_PRESSURE,
	GAUGE_IO,
	GAUGE_IO_PRESSURE,
	GAUGE_FILES
};

/*
 * What is sampled of a cgroup all the time, by files that stay open: to open them is most of what a look costs. What is read
 * by gauge_load() is dearer: for cpu.stat and io.stat the kernel first adds up what all CPUs have counted below the cgroup.
 */
struct gauge {
	int fd[GAUGE_FILES]; /* -1: closed, or not there */
};

/* What a cgroup's tasks have used and waited for since it was made; -1: not known. */
struct gauge_load {
	int64_t cpu_us;
	int64_t cpu_stalled_us, io_stalled_us; /* some of them at least */
	int64_t read_bytes, written_bytes;     /* of block devices */
};

/** gauge_init() - a gauge that gauge_close() may be called for. */
void gauge_init(struct gauge *g);

/** gauge_open() - Return: 0, or -1: errno of opening memory.current. The cgroup may go before the gauge is closed. */
int gauge_open(struct gauge *g, const struct cgroup *cg, struct error *err);

/**
 * gauge_read() - how it stands now.
 * @usage:      bytes
 * @stalled_us: for memory, since the cgroup was made, some of its tasks at least; -1: not known
 * Return: 0, or -1: ENODEV when the cgroup is gone, EPROTO for a file that isn't as Documentation/admin-guide/cgroup-v2.rst says.
 */
int gauge_read(const struct gauge *g, uint64_t *usage, int64_t *stalled_us, struct error *err);

/** gauge_load() - what its tasks have used and waited for. Of a cgroup that is gone nothing is known. */
void gauge_load(const struct gauge *g, struct gauge_load *load);

/** gauge_close() - idempotent. */
void gauge_close(struct gauge *g);

#endif
