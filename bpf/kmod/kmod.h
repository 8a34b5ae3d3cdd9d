/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMCG_BPF_OPS_KMOD_H
#define MEMCG_BPF_OPS_KMOD_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/memcontrol.h>
#include <linux/refcount.h>
#include <linux/wait.h>

#include "memcg_bpf_ops.h"

/* attach.c: which ops govern which cgroup */

/* One attached cgroup. Valid under RCU, or for as long as a reference is held. */
struct attachment {
	struct hlist_node node;   /* in the table by memcg, until detached */
	struct list_head list;    /* in the list of all, until its link is gone */
	struct mem_cgroup *memcg; /* the reference pins it, alive or removed */
	/* call it under RCU only: BPF frees it a grace period later */
	const struct memcg_bpf_ops *ops;
	u64 flags;
	bool detached;
	wait_queue_head_t sleepers; /* tasks delayed by these ops; woken when they are detached */
	refcount_t refs;
	struct rcu_head rcu;
};

int attach(const struct memcg_bpf_ops *ops);
void detach(const struct memcg_bpf_ops *ops);
void detach_removed(struct mem_cgroup *memcg);
struct attachment *governing(struct mem_cgroup *memcg);
void attachment_put(struct attachment *att);

/* debt.c: charges that a task has still to be asked about */

/* Belongs to its task: nobody else touches it. */
struct debt {
	struct hlist_node node;
	struct task_struct *task;
	unsigned long questions; /* one per batch charged */
	unsigned long pages;     /* of them all */
	unsigned long slept;     /* jiffies slept, and not yet counted for a question */
	bool marked;             /* one page of memcg_nr_pages_over_high is ours */
	struct rcu_head rcu;
};

struct debt *debt_find(void);
void debt_note(unsigned long nr_pages);
void debt_settle(struct debt *debt);
unsigned int debt_pages(const struct debt *debt);
void debt_mark(struct debt *debt);
void debt_unmark(struct debt *debt);
void debt_free(struct debt *debt);
int debts_start(void);
void debts_stop(void);

/* throttle.c: memcg_charged and get_high_delay_ms */
bool throttles_current(void);
void pay(struct debt *debt);

/* protect.c: below_low and below_min */
void protect(struct mem_cgroup *memcg);
void unprotect_tree(struct mem_cgroup *root);

/* hooks.c: the kernel functions that lead here */
int hooks_install(void);
void hooks_remove(void);
int uncharge_hook_get(void);
void uncharge_hook_put(void);

/* lookup.c: what the kernel has and doesn't export */
unsigned long lookup(const char *name);
int kernel_has_type(const char *name);

/* kfuncs.c: functions of the kernel that programs may call */
int kfuncs_register(void);

/* struct_ops.c: the type that BPF sees */
int struct_ops_register(void);

/* main.c: counters since the module was loaded, shown in /sys/module/memcg_bpf_ops/parameters */
enum counter {
	COUNTER_ASKED,
	COUNTER_SLEPT,
	COUNTER_SLEPT_MS,
	COUNTER_LOST,
	COUNTER_WEIGHED,
	COUNTER_PROTECTED,
	COUNTER_UNCHARGED,
	NR_COUNTERS
};
extern atomic_long_t counters[NR_COUNTERS];

#endif
