// SPDX-License-Identifier: GPL-2.0
/*
 * The memory controller's functions that programs may call: reclaim, as RFC v7 offers it, and looking at a memcg, as
 * mainline does from 7.0 on. Where the kernel has one of these itself, libbpf takes the kernel's.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/cgroup.h>
#include <linux/module.h>
#include <linux/static_call.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/vmstat.h>

#include "kmod.h"

/*
 * As in include/linux/swap.h of 6.12 and 6.16, and in mm/ of 7.3, which modules don't see. The latter is from 6.16 on:
 * anonymous memory and nothing else. Programs may ask for it anywhere; before, it is as much as there is.
 */
#ifndef MAX_SWAPPINESS
#define MAX_SWAPPINESS 200
#endif
#ifndef SWAPPINESS_ANON_ONLY
#define SWAPPINESS_ANON_ONLY (MAX_SWAPPINESS + 1)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#define SWAPPINESS_MOST MAX_SWAPPINESS
#else
#define SWAPPINESS_MOST SWAPPINESS_ANON_ONLY
#endif

/* From 7.0 on all are, and the flag has gone. */
#ifndef KF_TRUSTED_ARGS
#define KF_TRUSTED_ARGS 0
#endif

/* try_to_free_mem_cgroup_pages(), which no header declares any more in 7.3; never defined. */
unsigned long reclaim_pages(struct mem_cgroup *memcg, unsigned long nr_pages, gfp_t gfp_mask,
			    unsigned int reclaim_options, int *swappiness);

DEFINE_STATIC_CALL_NULL(free_pages, reclaim_pages);

__bpf_kfunc_start_defs();

/*
 * Tries to reclaim nr_pages from memcg and those below it; may sleep, so call it from a bpf_wq's callback. swappiness
 * below 0 is the cgroup's own; it counts with MEMCG_RECLAIM_PROACTIVE only, and swap is used with
 * MEMCG_RECLAIM_MAY_SWAP only. Returns the pages reclaimed, or (unsigned long)-EINVAL: swappiness above
 * SWAPPINESS_ANON_ONLY.
 */
__bpf_kfunc unsigned long bpf_try_to_free_mem_cgroup_pages(struct mem_cgroup *memcg,
							   unsigned long nr_pages, gfp_t gfp_mask,
							   unsigned int reclaim_options,
							   int swappiness)
{
	int most = min(swappiness, SWAPPINESS_MOST);

	if (swappiness > SWAPPINESS_ANON_ONLY)
		return -EINVAL;
	return static_call(free_pages)(memcg, nr_pages, gfp_mask, reclaim_options,
				       swappiness < 0 ? NULL : &most);
}

__bpf_kfunc_end_defs();

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)

/* Of functions that no header of the kernel's declares; never defined. */
unsigned long memcg_counter(struct mem_cgroup *memcg, int which);

DEFINE_STATIC_CALL_NULL(vm_events, memcg_counter);
DEFINE_STATIC_CALL_NULL(page_state, memcg_counter);
DEFINE_STATIC_CALL_NULL(flush_stats, mem_cgroup_flush_stats);

/* The kernel warns of an event that it doesn't count per memcg, and tells nobody which it does. */
static bool is_counted_event(int event)
{
	switch (event) {
	case PGFAULT:
	case PGMAJFAULT:
	case PGREFILL:
	case PGACTIVATE:
	case PGDEACTIVATE:
	case PGLAZYFREE:
	case PGLAZYFREED:
	case PGSCAN_KSWAPD:
	case PGSCAN_DIRECT:
	case PGSCAN_KHUGEPAGED:
	case PGSTEAL_KSWAPD:
	case PGSTEAL_DIRECT:
	case PGSTEAL_KHUGEPAGED:
		return true;
	default:
		return false;
	}
}

static bool is_counted_state(int item)
{
	switch (item) {
	case NR_ANON_MAPPED:
	case NR_FILE_MAPPED:
	case NR_FILE_PAGES:
	case NR_FILE_DIRTY:
	case NR_WRITEBACK:
	case NR_SHMEM:
	case NR_INACTIVE_ANON:
	case NR_ACTIVE_ANON:
	case NR_INACTIVE_FILE:
	case NR_ACTIVE_FILE:
	case NR_UNEVICTABLE:
	case NR_SLAB_RECLAIMABLE_B:
	case NR_SLAB_UNRECLAIMABLE_B:
	case NR_KERNEL_STACK_KB:
	case NR_PAGETABLE:
	case WORKINGSET_REFAULT_ANON:
	case WORKINGSET_REFAULT_FILE:
	case WORKINGSET_ACTIVATE_ANON:
	case WORKINGSET_ACTIVATE_FILE:
	case WORKINGSET_RESTORE_ANON:
	case WORKINGSET_RESTORE_FILE:
	case WORKINGSET_NODERECLAIM:
	case MEMCG_SWAP:
	case MEMCG_SOCK:
	case MEMCG_PERCPU_B:
	case MEMCG_KMEM:
		return true;
	default:
		return false;
	}
}

__bpf_kfunc_start_defs();

/* The memcg of the cgroup that css, of whatever controller, belongs to, with a reference; NULL: it has none, or is gone. */
__bpf_kfunc struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = NULL;

	rcu_read_lock();
	css = rcu_dereference(css->cgroup->subsys[memory_cgrp_id]);
	if (css && css_tryget(css))
		memcg = mem_cgroup_from_css(css);
	rcu_read_unlock();
	return memcg;
}

__bpf_kfunc void bpf_put_mem_cgroup(struct mem_cgroup *memcg)
{
	css_put(&memcg->css);
}

/* In bytes. */
__bpf_kfunc unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg)
{
	return page_counter_read(&memcg->memory) * PAGE_SIZE;
}

/* How often an event has happened to memcg and those below, as of the last flush; ULONG_MAX: not counted per memcg. */
__bpf_kfunc unsigned long bpf_mem_cgroup_vm_events(struct mem_cgroup *memcg,
						   enum vm_event_item event)
{
	return is_counted_event(event) ? static_call(vm_events)(memcg, event) : ULONG_MAX;
}

/* How often memory.events counts it. */
__bpf_kfunc unsigned long bpf_mem_cgroup_memory_events(struct mem_cgroup *memcg,
						       enum memcg_memory_event event)
{
	return (unsigned int)event < MEMCG_NR_MEMORY_EVENTS ?
		       atomic_long_read(&memcg->memory_events[event]) :
		       ULONG_MAX;
}

/* A state in bytes (a count of events as it is), as of the last flush; ULONG_MAX: not counted per memcg. */
__bpf_kfunc unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int idx)
{
	return is_counted_state(idx) ? static_call(page_state)(memcg, idx) : ULONG_MAX;
}

/* Brings the counters up to date; may sleep. */
__bpf_kfunc void bpf_mem_cgroup_flush_stats(struct mem_cgroup *memcg)
{
	static_call(flush_stats)(memcg);
}

__bpf_kfunc_end_defs();

static int find_counters(void)
{
	unsigned long events = lookup("memcg_events"), state = lookup("memcg_page_state_output"),
		      flush = lookup("mem_cgroup_flush_stats");

	if (!events || !state || !flush) {
		pr_err("memcg_events, memcg_page_state_output or mem_cgroup_flush_stats: not found in this kernel\n");
		return -ENOENT;
	}
	static_call_update(vm_events, (typeof(&memcg_counter))events);
	static_call_update(page_state, (typeof(&memcg_counter))state);
	static_call_update(flush_stats, (typeof(&mem_cgroup_flush_stats))flush);
	return 0;
}

#else

static int find_counters(void)
{
	return 0;
}

#endif

/* One set: of a second one of a module the kernel takes no notice. */
BTF_KFUNCS_START(memcg_kfuncs)
BTF_ID_FLAGS(func, bpf_try_to_free_mem_cgroup_pages, KF_SLEEPABLE | KF_TRUSTED_ARGS)
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
BTF_ID_FLAGS(func, bpf_get_mem_cgroup, KF_ACQUIRE | KF_RET_NULL | KF_RCU)
BTF_ID_FLAGS(func, bpf_put_mem_cgroup, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_mem_cgroup_usage, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_vm_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_memory_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_page_state, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_flush_stats, KF_TRUSTED_ARGS | KF_SLEEPABLE)
#endif
BTF_KFUNCS_END(memcg_kfuncs)

static const struct btf_kfunc_id_set memcg_set = {.owner = THIS_MODULE, .set = &memcg_kfuncs};

/* Returns 0, or -ENOENT: a function is missing. There is no unregister: they go with the module's BTF. */
int kfuncs_register(void)
{
	unsigned long reclaim = lookup("try_to_free_mem_cgroup_pages");
	int err;

	if (!reclaim) {
		pr_err("try_to_free_mem_cgroup_pages: not found in this kernel\n");
		return -ENOENT;
	}
	static_call_update(free_pages, (typeof(&reclaim_pages))reclaim);
	err = find_counters();
	return err ?: register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &memcg_set);
}
