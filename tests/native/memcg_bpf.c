// SPDX-License-Identifier: GPL-2.0
/*
 * memcg_bpf_ops in the kernel itself, by the interface of the RFC series "mm: BPF struct_ops for
 * dynamic memory protection and async reclaim", v7 or v6. A stand-in for memlua's tests, written
 * from the interface alone; no substitute for the RFC.
 *
 * Only an attached cgroup has ops; of what is below it the nearest attached ancestor's count, so
 * that children inherit them, and get the parent's back, without being touched. BPF frees ops a
 * grace period after unreg().
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/cgroup.h>
#include <linux/memcontrol.h>
#include <linux/swap.h>

#include "memcontrol-v1.h"

#ifdef CONFIG_MEMCG_BPF_V7
#define SINCE_V7(...) , __VA_ARGS__
#define CHARGED memcg_charged
#define CGROUP_FD BPF_F_CGROUP_FD
#define BAD_FLAGS -EINVAL
#else
#define SINCE_V7(...)
#define CHARGED get_high_delay_ms
#define CGROUP_FD 0
#define BAD_FLAGS -EOPNOTSUPP
#endif

struct memcg_bpf_ops {
	void (*handle_cgroup_online)(struct mem_cgroup *memcg);
	void (*handle_cgroup_offline)(struct mem_cgroup *memcg);
	bool (*below_low)(struct mem_cgroup *memcg SINCE_V7(unsigned long elow,
							    unsigned long usage));
	bool (*below_min)(struct mem_cgroup *memcg SINCE_V7(unsigned long emin,
							    unsigned long usage));
	unsigned int (*CHARGED)(struct mem_cgroup *memcg SINCE_V7(unsigned int nr_pages));
#ifdef CONFIG_MEMCG_BPF_V7
	void (*memcg_uncharged)(struct mem_cgroup *memcg, unsigned int nr_pages);
#endif
};

/* --- asking --- */

static const struct memcg_bpf_ops *governing(struct mem_cgroup *memcg)
{
	const struct memcg_bpf_ops *ops = NULL;

	for (; memcg && !ops; memcg = parent_mem_cgroup(memcg))
		ops = READ_ONCE(memcg->bpf_ops);
	return ops;
}

#define ASK(memcg, callback, call)                                                                 \
	do {                                                                                       \
		const struct memcg_bpf_ops *ops;                                                   \
                                                                                                   \
		rcu_read_lock();                                                                   \
		ops = governing(memcg);                                                            \
		if (ops && ops->callback)                                                          \
			call;                                                                      \
		rcu_read_unlock();                                                                 \
	} while (0)

bool memcg_bpf_below_low(struct mem_cgroup *memcg, unsigned long elow, unsigned long usage)
{
	bool below = false;

	ASK(memcg, below_low, below = ops->below_low(memcg SINCE_V7(elow, usage)));
	return below;
}

bool memcg_bpf_below_min(struct mem_cgroup *memcg, unsigned long emin, unsigned long usage)
{
	bool below = false;

	ASK(memcg, below_min, below = ops->below_min(memcg SINCE_V7(emin, usage)));
	return below;
}

/* Returns the jiffies that the task is to sleep; v6 asks only where it may. */
unsigned long memcg_bpf_charged(struct mem_cgroup *memcg, unsigned int nr_pages, bool may_sleep)
{
	unsigned int ms = 0;

	if (may_sleep || IS_ENABLED(CONFIG_MEMCG_BPF_V7))
		ASK(memcg, CHARGED, ms = ops->CHARGED(memcg SINCE_V7(nr_pages)));
	return may_sleep ? msecs_to_jiffies(ms) : 0;
}

void memcg_bpf_uncharged(struct mem_cgroup *memcg, unsigned int nr_pages)
{
#ifdef CONFIG_MEMCG_BPF_V7
	ASK(memcg, memcg_uncharged, ops->memcg_uncharged(memcg, nr_pages));
#endif
}

/* --- attaching --- */

static DEFINE_MUTEX(attach_mutex); /* inside cgroup_mutex where both are held */

static struct bpf_struct_ops_link *of_struct_ops(struct bpf_link *link)
{
	return container_of(link, struct bpf_struct_ops_link, link);
}

void memcg_bpf_online(struct mem_cgroup *memcg)
{
	ASK(memcg, handle_cgroup_online, ops->handle_cgroup_online(memcg));
}

/* Gives the ops back: what was charged to memcg outlives it, and their link may be closed then. */
void memcg_bpf_offline(struct mem_cgroup *memcg)
{
	ASK(memcg, handle_cgroup_offline, ops->handle_cgroup_offline(memcg));
	mutex_lock(&attach_mutex);
	WRITE_ONCE(memcg->bpf_ops, NULL);
	memcg->bpf_link = NULL;
	mutex_unlock(&attach_mutex);
}

static bool may_attach(struct mem_cgroup *memcg)
{
	struct mem_cgroup *above = memcg, *below = NULL;

	while (above && !above->bpf_ops)
		above = parent_mem_cgroup(above);
	if (above &&
	    (above == memcg || !(of_struct_ops(above->bpf_link)->flags & BPF_F_ALLOW_OVERRIDE)))
		return false;
	while ((below = mem_cgroup_iter(memcg, below, NULL)))
		if (below->bpf_ops) {
			mem_cgroup_iter_break(memcg, below);
			return false;
		}
	return true;
}

/* Of this very cgroup, never of an ancestor. What is online has memcg_bpf_offline() ahead of it. */
static struct mem_cgroup *memcg_of_fd(int fd)
{
	struct cgroup *cgroup = cgroup_get_from_fd(fd);
	struct cgroup_subsys_state *css;

	if (IS_ERR(cgroup))
		return ERR_CAST(cgroup);
	rcu_read_lock();
	css = rcu_dereference(cgroup->subsys[memory_cgrp_id]);
	if (css && !css_tryget_online(css))
		css = NULL;
	rcu_read_unlock();
	cgroup_put(cgroup);
	return css ? mem_cgroup_from_css(css) : ERR_PTR(-ENODEV);
}

static int reg(void *kdata, struct bpf_link *link)
{
	struct bpf_struct_ops_link *own = of_struct_ops(link);
	struct mem_cgroup *memcg;
	int err = 0;

	if (!link)
		return -EOPNOTSUPP;
	if ((own->flags & ~BPF_F_ALLOW_OVERRIDE) != CGROUP_FD)
		return BAD_FLAGS;
	mutex_lock(&attach_mutex);
	memcg = memcg_of_fd(own->cgroup_fd);
	if (IS_ERR(memcg)) {
		err = PTR_ERR(memcg);
	} else if (!may_attach(memcg)) {
		css_put(&memcg->css);
		err = -EBUSY;
	} else {
		own->memcg = memcg;
		memcg->bpf_link = link;
		WRITE_ONCE(memcg->bpf_ops, kdata);
	}
	mutex_unlock(&attach_mutex);
	return err;
}

static void unreg(void *kdata, struct bpf_link *link)
{
	struct mem_cgroup *memcg = of_struct_ops(link)->memcg;

	mutex_lock(&attach_mutex);
	if (memcg->bpf_link == link) {
		WRITE_ONCE(memcg->bpf_ops, NULL);
		memcg->bpf_link = NULL;
	}
	mutex_unlock(&attach_mutex);
	css_put(&memcg->css);
}

/* --- the type --- */

static int init(struct btf *btf)
{
	return 0;
}

static bool is_valid_access(int off, int size, enum bpf_access_type type,
			    const struct bpf_prog *prog, struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static int check_member(const struct btf_type *t, const struct btf_member *member,
			const struct bpf_prog *prog)
{
	return prog->sleepable ? -EINVAL : 0;
}

static int init_member(const struct btf_type *t, const struct btf_member *member, void *kdata,
		       const void *udata)
{
	return 0;
}

static void stub_life(struct mem_cgroup *memcg)
{
}

static bool stub_below(struct mem_cgroup *memcg SINCE_V7(unsigned long protection,
							 unsigned long usage))
{
	return false;
}

static unsigned int stub_charged(struct mem_cgroup *memcg SINCE_V7(unsigned int nr_pages))
{
	return 0;
}

#ifdef CONFIG_MEMCG_BPF_V7
static void stub_uncharged(struct mem_cgroup *memcg, unsigned int nr_pages)
{
}
#endif

static struct memcg_bpf_ops stubs = {
	.handle_cgroup_online = stub_life,
	.handle_cgroup_offline = stub_life,
	.below_low = stub_below,
	.below_min = stub_below,
	.CHARGED = stub_charged,
#ifdef CONFIG_MEMCG_BPF_V7
	.memcg_uncharged = stub_uncharged,
#endif
};

static const struct bpf_verifier_ops verifier_ops = {
	.get_func_proto = bpf_base_func_proto,
	.is_valid_access = is_valid_access,
};

static struct bpf_struct_ops memcg_struct_ops = {
	.verifier_ops = &verifier_ops,
	.init = init,
	.check_member = check_member,
	.init_member = init_member,
	.reg = reg,
	.unreg = unreg,
	.name = "memcg_bpf_ops",
	.cfi_stubs = &stubs,
	.owner = THIS_MODULE,
};

/* --- what programs may call: v7's reclaim, and what the Linux 7 has that the series is for --- */

__bpf_kfunc_start_defs();

#ifdef CONFIG_MEMCG_BPF_V7
__bpf_kfunc unsigned long bpf_try_to_free_mem_cgroup_pages(struct mem_cgroup *memcg,
							   unsigned long nr_pages, gfp_t gfp_mask,
							   unsigned int reclaim_options,
							   int swappiness)
{
	int most = min(swappiness, MAX_SWAPPINESS);

	if (swappiness > MAX_SWAPPINESS + 1)
		return -EINVAL;
	return try_to_free_mem_cgroup_pages(memcg, nr_pages, gfp_mask, reclaim_options,
					    swappiness < 0 ? NULL : &most);
}
#endif

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

__bpf_kfunc unsigned long bpf_mem_cgroup_usage(struct mem_cgroup *memcg)
{
	return page_counter_read(&memcg->memory) * PAGE_SIZE;
}

__bpf_kfunc unsigned long bpf_mem_cgroup_vm_events(struct mem_cgroup *memcg,
						   enum vm_event_item event)
{
	return memcg_bpf_counts_event(event) ? memcg_events(memcg, event) : ULONG_MAX;
}

__bpf_kfunc unsigned long bpf_mem_cgroup_memory_events(struct mem_cgroup *memcg,
						       enum memcg_memory_event event)
{
	return (unsigned int)event < MEMCG_NR_MEMORY_EVENTS ?
		       atomic_long_read(&memcg->memory_events[event]) :
		       ULONG_MAX;
}

__bpf_kfunc unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int idx)
{
	return memcg_bpf_counts_state(idx) ? memcg_page_state_output(memcg, idx) : ULONG_MAX;
}

__bpf_kfunc void bpf_mem_cgroup_flush_stats(struct mem_cgroup *memcg)
{
	mem_cgroup_flush_stats(memcg);
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(kfuncs)
#ifdef CONFIG_MEMCG_BPF_V7
BTF_ID_FLAGS(func, bpf_try_to_free_mem_cgroup_pages, KF_SLEEPABLE | KF_TRUSTED_ARGS)
#endif
BTF_ID_FLAGS(func, bpf_get_mem_cgroup, KF_ACQUIRE | KF_RET_NULL | KF_RCU)
BTF_ID_FLAGS(func, bpf_put_mem_cgroup, KF_RELEASE)
BTF_ID_FLAGS(func, bpf_mem_cgroup_usage, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_vm_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_memory_events, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_page_state, KF_TRUSTED_ARGS)
BTF_ID_FLAGS(func, bpf_mem_cgroup_flush_stats, KF_TRUSTED_ARGS | KF_SLEEPABLE)
BTF_KFUNCS_END(kfuncs)

static const struct btf_kfunc_id_set kfunc_set = {.owner = THIS_MODULE, .set = &kfuncs};

static int __init memcg_bpf_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_UNSPEC, &kfunc_set) ?:
		       register_bpf_struct_ops(&memcg_struct_ops, memcg_bpf_ops);
}
late_initcall(memcg_bpf_init);
