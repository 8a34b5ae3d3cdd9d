/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_GAUGE_H
#define MEMLUA_GAUGE_H

#include <stdint.h>

struct cgroup;
struct error;

/*
 * What is sampled of a cgroup all the time: memory.current and memory.pressure, whose files stay open. To open them is most
 * of what a look costs.
 */
struct gauge {
	int usage;    /* descriptors; -1 while closed */
	int pressure; /* -1 where the kernel counts none, or it is off */
};

/** gauge_open() - Return: 0, or -1: errno of opening memory.current. The cgroup may go before the gauge is closed. */
int gauge_open(struct gauge *g, const struct cgroup *cg, struct error *err);

/**
 * gauge_read() - how it stands now.
 * @usage:      bytes
 * @stalled_us: since the cgroup was made, some of its tasks at least; -1: not known
 * Return: 0, or -1: ENODEV when the cgroup is gone, EPROTO for a file that isn't as Documentation/admin-guide/cgroup-v2.rst says.
 */
int gauge_read(const struct gauge *g, uint64_t *usage, int64_t *stalled_us, struct error *err);

/** gauge_close() - idempotent. */
void gauge_close(struct gauge *g);

#endif
