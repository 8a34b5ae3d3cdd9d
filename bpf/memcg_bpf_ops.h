/* SPDX-License-Identifier: GPL-2.0 */
/*
 * memcg_bpf_ops: the memory controller's BPF struct_ops, as in the RFC patch series v6 and v7.
 *
 * Shared by the module, which registers this very type, and by the policies, which implement it: all callbacks of both, by
 * v7's signatures, so that a v6 program, which reads its first argument only, is valid, too. A kernel that has the type
 * itself has the callbacks of one of the two. memlua brings a policy and the kernel together by name (host/core/interface.c):
 * get_high_delay_ms and memcg_charged stand for each other. The data members at the end exist in the module's type only,
 * because a stock kernel's BPF_LINK_CREATE hands no cgroup to a struct_ops. All programs are non-sleepable and run under
 * RCU; memcg is trusted and never NULL.
 */
#ifndef MEMCG_BPF_OPS_H
#define MEMCG_BPF_OPS_H

#include <linux/types.h>

/* memcg_bpf_ops.flags */
#define MEMCG_BPF_ALLOW_OVERRIDE (1ULL << 0) /* cgroups below may attach ops of their own */
#define MEMCG_BPF_HOLD (1ULL << 1) /* ask again after each sleep, until none is asked for */

#define MEMCG_BPF_MAX_DELAY_MS 2000 /* answers above are clamped (MEMCG_MAX_HIGH_DELAY_JIFFIES) */

struct mem_cgroup;

struct memcg_bpf_ops {
	/* A cgroup below an attached one has come online and inherits the ops. */
	void (*handle_cgroup_online)(struct mem_cgroup *memcg);

	/* A governed cgroup, the attached one or one below, is going offline. */
	void (*handle_cgroup_offline)(struct mem_cgroup *memcg);

	/*
	 * Reclaim weighs memcg, which is not the reclaim's own target: its effective protection and its usage, in pages.
	 * Returns true to have it treated as below memory.low, false for the normal check. v6 gives memcg alone.
	 */
	bool (*below_low)(struct mem_cgroup *memcg, unsigned long elow, unsigned long usage);

	/* The same for memory.min. */
	bool (*below_min)(struct mem_cgroup *memcg, unsigned long emin, unsigned long usage);

	/* v6: memcg_charged() without the pages. By the module asked where there is no memcg_charged. */
	unsigned int (*get_high_delay_ms)(struct mem_cgroup *memcg);

	/*
	 * v7: the current task has charged a batch of nr_pages to memcg, its own, over memory.high or not.
	 * Returns the milliseconds that the task sleeps before it returns to user mode: at most
	 * MEMCG_BPF_MAX_DELAY_MS, none at all up to a hundredth of a second. Of what the kernel has it
	 * sleep for being over memory.high, the time asleep counts, that of reclaim doesn't.
	 * By the module asked on the way back, once per batch of a system call, where no lock is held; and
	 * again, with the same pages, when a signal has interrupted the sleep, for what is left of it. Of batches of
	 * several sizes in one system call each is told the mean.
	 */
	unsigned int (*memcg_charged)(struct mem_cgroup *memcg, unsigned int nr_pages);

	/*
	 * v7: memcg has given back nr_pages, whoever did it and in whatever context. What was charged without being asked
	 * about (by the kernel's own threads) is given back, too.
	 */
	void (*memcg_uncharged)(struct mem_cgroup *memcg, unsigned int nr_pages);

	__u64 cgroup_id; /* module only: the cgroup to attach to, its directory's inode number */
	__u64 flags;     /* module only: MEMCG_BPF_* */
};

#endif
