/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every policy shares: the few kernel types it looks at, and the conventions by which the
 * host finds its way around an object (see template.bpf.c for a policy that uses all of them).
 *
 * The kernel types name only the members that are read. CO-RE relocates each access against the
 * running kernel's BTF, so no vmlinux.h is needed and one object serves every kernel.
 */
#ifndef MEMLUA_BPF_H
#define MEMLUA_BPF_H

/* Headers from Linux 6.10 and 6.4 on have these; the kernel knows them by their names. */
#define bpf_wq bpf_wq_of_headers
#define bpf_iter_num bpf_iter_num_of_headers
#include <linux/bpf.h>
#undef bpf_iter_num
#undef bpf_wq
#include <linux/errno.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kernfs_node {
	__u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct psi_group; /* pressure */

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_subsys_state *subsys[1];
	int level;             /* 0: the root */
	struct psi_group *psi; /* NULL: pressure is switched off */
};

typedef struct {
	long counter;
} atomic_long_t;

/* Pages, not bytes: include/linux/page_counter.h. */
struct page_counter {
	atomic_long_t usage;
	unsigned long emin;
	unsigned long elow;
	unsigned long min;
	unsigned long low;
	unsigned long high;
	unsigned long max;
	struct page_counter *parent;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
	struct page_counter swap;
	atomic_long_t memory_events[1];
};

/* A row for each aggregator, the first of which never stops. pahole 1.24 writes all into one in the kernel's BTF, 1.32 keeps the rows. */
struct psi_group {
	__u64 total[1]; /* ns */
};

struct psi_group___rows {
	__u64 total[1][1];
};

#pragma clang attribute pop

/* Only the enumerators whose values are asked for; the values come from the kernel's BTF. */
enum cgroup_subsys_id {
	memory_cgrp_id = 3,
};

/* From Linux 7.3 on some of these are node_stat_item's, instead: which, the kernel's BTF tells. */
#define VM_EVENTS(X)                                                                               \
	X(PGFAULT)                                                                                 \
	X(PGMAJFAULT)                                                                              \
	X(PGACTIVATE)                                                                              \
	X(PGDEACTIVATE)                                                                            \
	X(PGLAZYFREE)                                                                              \
	X(PGLAZYFREED)                                                                             \
	X(PGREFILL)                                                                                \
	X(PGSCAN_KSWAPD)                                                                           \
	X(PGSCAN_DIRECT)                                                                           \
	X(PGSTEAL_KSWAPD)                                                                          \
	X(PGSTEAL_DIRECT)
#define AS_EVENT(item) item,
#define AS_STATE(item) item##___state,
enum vm_event_item { VM_EVENTS(AS_EVENT) };
/* libbpf takes no notice of what follows three underscores. */
enum node_stat_item___events { VM_EVENTS(AS_STATE) };

enum node_stat_item {
	NR_ANON_MAPPED = 20,
	NR_FILE_MAPPED,
	NR_FILE_PAGES,
	NR_FILE_DIRTY,
	NR_WRITEBACK,
	NR_SHMEM,
	NR_INACTIVE_ANON,
	NR_ACTIVE_ANON,
	NR_INACTIVE_FILE,
	NR_ACTIVE_FILE,
	NR_UNEVICTABLE,
	NR_SLAB_RECLAIMABLE_B,
	NR_SLAB_UNRECLAIMABLE_B,
	NR_KERNEL_STACK_KB,
	NR_PAGETABLE,
	WORKINGSET_REFAULT_ANON,
	WORKINGSET_REFAULT_FILE,
	WORKINGSET_ACTIVATE_ANON,
	WORKINGSET_ACTIVATE_FILE,
	WORKINGSET_RESTORE_ANON,
	WORKINGSET_RESTORE_FILE,
	WORKINGSET_NODERECLAIM,
};

enum memcg_stat_item {
	MEMCG_SOCK = 50,
	MEMCG_PERCPU_B,
	MEMCG_KMEM,
};

enum psi_states {
	PSI_MEM_SOME = 2,
};

#include "../memcg_bpf_ops.h"

extern struct cgroup *bpf_cgroup_from_id(__u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym;
/* The one `level` levels below the root above cgroup, or itself; NULL: it is not so far below. */
extern struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgroup, int level) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

/*
 * Of Linux 7.0 and later, or of memlua's module: see bpf/kmod/kfuncs.c. A policy that can do without one calls it by a flavour of its
 * name, which it declares weak, where bpf_ksym_exists() says so: see priority.bpf.c.
 */
extern struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css) __ksym;
extern void bpf_put_mem_cgroup(struct mem_cgroup *memcg) __ksym;
extern unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg) __ksym;
/* What memory.stat tells, as of the kernel's last flush, 2 s ago or, on an idle machine, longer; bytes, or how often. ~0UL: not counted. */
extern unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int idx) __ksym;
extern unsigned long bpf_mem_cgroup_vm_events(struct mem_cgroup *memcg,
					      enum vm_event_item event) __ksym;
/* Of RFC v7, or of the module. Sleeps: from a bpf_wq's callback only. */
extern unsigned long bpf_try_to_free_mem_cgroup_pages(struct mem_cgroup *memcg,
						      unsigned long nr_pages, unsigned int gfp,
						      unsigned int options, int swappiness) __ksym;

/* What bpf_for() and bpf_repeat() count with. */
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));

/* Work for a thread of the kernel's, which may sleep; a member of a map's value. */
struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym;
/* The kernel has it by one of two names: from 7.0 on the verifier adds the last argument by itself. */
extern int bpf_wq_set_callback(struct bpf_wq *wq, int (*callback)(void *map, int *key, void *value),
			       unsigned int flags) __ksym __weak;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*callback)(void *map, int *key, void *value),
				    unsigned int flags, void *aux) __ksym __weak;

#define set_wq_callback(wq, callback)                                                              \
	(bpf_ksym_exists(bpf_wq_set_callback) ? bpf_wq_set_callback(wq, callback, 0) :             \
						bpf_wq_set_callback_impl(wq, callback, 0, NULL))

/*
 * Notes to the host, kept in the object's BTF as declaration tags:
 *   __doc(text)        of a member of a configuration, statistics or tenant struct: its description;
 *   __unit("bytes")    of such a member: "256M" is accepted for it; "ms": "1.5s" is;
 *   __when(condition)  of a program: load it only if the configuration says so at attach. "member" asks
 *                      for a value other than 0, "member=enumerator" for this one; all of several hold;
 *   __optional         of a callback's program: left out where the kernel's interface has no such callback, which
 *                      otherwise refuses the policy.
 */
#define __doc(text) __attribute__((btf_decl_tag("doc:" text)))
#define __unit(name) __attribute__((btf_decl_tag("unit:" name)))
#define __when(condition) __attribute__((btf_decl_tag("when:" condition)))
#define __optional __attribute__((btf_decl_tag("optional:")))
#define __one_of(group) __attribute__((btf_decl_tag("one-of:" group)))

/* Stands at the end of each policy: what it is in one line, and the licence that the kernel wants. */
#define POLICY(text)                                                                               \
	char _license[] SEC("license") __attribute__((btf_decl_tag("policy:" text))) = "GPL"

/* x86-64, arm64 with 4K pages: the only ones for which the module is built today. */
#define PAGE_SIZE 4096ULL
#define NSEC_PER_MSEC 1000000ULL
/* How far below an attached cgroup a charge may come from and still be found to be its own. */
#define MAX_DEPTH 8

/*
 * What the host hands to the program ROLE_join (SEC("syscall")), which it runs for each cgroup that is
 * about to get a role, after the cgroup's entry in ROLE_memcg is written and before it is attached, and
 * again when the entry or the configuration changes. A negative return refuses; `why` is shown then.
 */
struct memlua_join {
	__u64 cgroup_id;
	char why[120];
};

/* Say why a join is refused: refuse(ctx, -ENOSPC, "claim %llu over limit %llu", claim, limit). */
#define refuse(ctx, error, format, args...)                                                        \
	({                                                                                         \
		char __why[sizeof((ctx)->why)] = {};                                               \
		BPF_SNPRINTF(__why, sizeof(__why), format, ##args);                                \
		__builtin_memcpy((ctx)->why, __why, sizeof(__why));                                \
		(error);                                                                           \
	})

/*
 * Counters are single words with atomic adds, not per-CPU slots: they are touched once per 64-page charge
 * or once per reclaim pass, so the shared cache line costs nothing measurable, and the host reads a plain
 * struct.
 */
static __always_inline void count(__u64 *counter)
{
	__sync_fetch_and_add(counter, 1);
}

static __always_inline __u64 bytes(long pages)
{
	return pages > 0 ? pages * PAGE_SIZE : 0;
}

/*
 * Bytes charged to a memcg and all below it, pages parked in per-CPU stocks included; 0 for NULL. The memcg
 * may be a callback's argument, or one that memcg_attached() or cgroup_memcg() returned.
 */
static __always_inline __u64 memcg_usage(struct mem_cgroup *memcg)
{
	return bytes(BPF_CORE_READ(memcg, memory.usage.counter));
}

/* That of its cgroup, as cg:id() tells it and maps of tenants are keyed by. */
static __always_inline __u64 memcg_id(struct mem_cgroup *memcg)
{
	return BPF_CORE_READ(memcg, css.cgroup, kn, id);
}

/* memory.max of the parent less its usage, in bytes; 0 at and over the limit. */
static __always_inline __u64 parent_headroom(struct mem_cgroup *memcg)
{
	struct page_counter *parent = BPF_CORE_READ(memcg, memory.parent);

	return parent ? bytes(BPF_CORE_READ(parent, max) - BPF_CORE_READ(parent, usage.counter)) :
			~0ULL;
}

/* The kernel brings memory.stat and memory.pressure up to date every 2 s (FLUSH_TIME, PSI_FREQ). */
#define COUNTED_MS 2000

/*
 * For how long memcg has stalled for memory so far, in ms: memory.pressure, total of some; 0: the kernel has no PSI. Not its averages, which
 * stay as they were while all tasks sleep.
 */
static __always_inline __u64 memcg_stalled(struct mem_cgroup *memcg)
{
	struct psi_group *psi = BPF_CORE_READ(memcg, css.cgroup, psi);
	__u32 offset = bpf_core_enum_value(enum psi_states, PSI_MEM_SOME) * sizeof(__u64);
	__u64 total = 0;

	if (bpf_core_field_exists(struct psi_group___rows, total))
		offset += bpf_core_field_offset(struct psi_group___rows, total);
	else
		offset += bpf_core_field_offset(struct psi_group, total);
	if (psi)
		bpf_probe_read_kernel(&total, sizeof(total), (char *)psi + offset);
	return total / NSEC_PER_MSEC;
}

/*
 * One function for each question, whatever the kernel's interface: the callback takes memcg alone, and asks these for what
 * RFC v7 and the module tell beside it and v6 doesn't. The branch that the running kernel's interface isn't is gone before
 * the verifier sees it.
 *
 * charged_pages(ctx): of memcg_charged(): the pages of this charge.
 * weighed_protection(ctx, memcg, elow), weighed_usage(ctx, memcg): of below_low(), and with emin of below_min(): what memcg
 * is protected up to, and its usage, in pages.
 */
#define CHARGE_BATCH 64U /* MEMCG_CHARGE_BATCH: the least that v6 asks about */
#define TELLS_MORE bpf_core_field_exists(struct memcg_bpf_ops, memcg_charged)
#define charged_pages(ctx) (TELLS_MORE ? (unsigned int)(ctx)[1] : CHARGE_BATCH)
#define weighed_protection(ctx, memcg, which)                                                      \
	(TELLS_MORE ? (unsigned long)(ctx)[1] : BPF_CORE_READ(memcg, memory.which))
#define weighed_usage(ctx, memcg)                                                                  \
	(TELLS_MORE ? (unsigned long)(ctx)[2] :                                                    \
		      (unsigned long)BPF_CORE_READ(memcg, memory.usage.counter))

/* The memcg of a cgroup as a pointer for bpf_core_read() only: the css is its first member by design. */
static __always_inline struct mem_cgroup *cgroup_memcg(struct cgroup *cgroup)
{
	__u32 memory = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	struct cgroup_subsys_state *css = NULL;

	bpf_core_read(&css, sizeof(css), &cgroup->subsys[memory]);
	return (struct mem_cgroup *)css;
}

/* Bytes charged to a cgroup; 0 once its memcg is gone. */
static __always_inline __u64 cgroup_usage(struct cgroup *cgroup)
{
	return memcg_usage(cgroup_memcg(cgroup));
}

/*
 * A callback's memcg is the one that is charged or weighed. Of a container or a pod it lies below the tenant, the
 * attached cgroup, whose limits, usage and siblings a policy is about: with a tenant in a map keyed by cgroup id,
 * memcg_attached() finds its entry, sets *memcg to it, and leaves *memcg as it is when there is none within
 * MAX_DEPTH levels (NULL). *memcg is then for memcg_usage(), parent_headroom() and BPF_CORE_READ() only: the
 * verifier knows nothing of its type.
 */
static __always_inline void *memcg_attached(void *map, struct mem_cgroup **memcg)
{
	struct cgroup_subsys_state *css = &(*memcg)->css;
	void *entry = NULL;

	for (int level = 0; level < MAX_DEPTH && css; level++, css = css->parent) {
		__u64 id = css->cgroup->kn->id;

		entry = bpf_map_lookup_elem(map, &id);
		if (entry) {
			*memcg = (struct mem_cgroup *)css; /* its first member by design */
			break;
		}
	}
	return entry;
}

/* The entry alone. */
static __always_inline void *memcg_lookup(void *map, struct mem_cgroup *memcg)
{
	return memcg_attached(map, &memcg);
}

/*
 * A map entry's own reference to a cgroup: CGROUP_REF(cgroup). clang 14 forgets the kptr tag of a pointer to
 * a struct, but not of one to a typedef.
 */
typedef struct cgroup cgroup_t;
#define CGROUP_REF(name) cgroup_t __kptr *name

/* For a ROLE_join program: whether the kernel tells the pressure of the cgroup `id`, and why it refuses where it doesn't. */
#define NO_PRESSURE "trigger pressure: this kernel has none, or it is switched off (psi=0)"

static __always_inline bool has_pressure(__u64 id)
{
	struct cgroup *cgroup = bpf_cgroup_from_id(id);
	bool yes;

	if (!cgroup)
		return false;
	yes = BPF_CORE_READ(cgroup, psi);
	bpf_cgroup_release(cgroup);
	return yes;
}

/*
 * Keep a reference to the cgroup `id` in an entry of a map, from a ROLE_join program. By id it can only be
 * found from the host's own cgroup namespace: a tenant in a container would not see its siblings, so the
 * look-up is made once here and the callbacks use the reference. The map drops it with the entry.
 */
static __always_inline int adopt_cgroup(struct cgroup **slot, __u64 id)
{
	struct cgroup *cgroup = bpf_cgroup_from_id(id);

	if (!cgroup)
		return -ENOENT;
	cgroup = bpf_kptr_xchg(slot, cgroup);
	if (cgroup)
		bpf_cgroup_release(cgroup);
	return 0;
}

#endif
