// SPDX-License-Identifier: GPL-2.0
/*
 * below_low and below_min: reclaim compares a cgroup's usage with its effective protection, so an
 * effective protection that no usage can exceed is "below, whatever its usage".
 */
#include <linux/cgroup.h>

#include "kmod.h"

/*
 * In pages: 8 TB, above every usage, even one that grows before reclaim looks at it, and unlike PAGE_COUNTER_MAX small
 * enough for the product with a list's size in get_scan_count(). Not what the machine has: that changes when memory is
 * added, and what was raised before would not be known for ours any more.
 */
#define FULL_PROTECTION (1UL << 31)

static void raise(unsigned long *effective)
{
	atomic_long_inc(&counters[COUNTER_PROTECTED]);
	if (READ_ONCE(*effective) < FULL_PROTECTION)
		WRITE_ONCE(*effective, FULL_PROTECTION);
}

static bool below(bool (*ask)(struct mem_cgroup *memcg, unsigned long effective,
			      unsigned long usage),
		  struct mem_cgroup *memcg, const unsigned long *effective)
{
	return ask && ask(memcg, READ_ONCE(*effective), page_counter_read(&memcg->memory));
}

/* Reclaim weighs memcg and has just calculated its effective protection: ask, raise it. */
void protect(struct mem_cgroup *memcg)
{
	struct attachment *att;

	rcu_read_lock();
	att = governing(memcg);
	if (att) {
		atomic_long_inc(&counters[COUNTER_WEIGHED]);
		if (below(att->ops->below_min, memcg, &memcg->memory.emin))
			raise(&memcg->memory.emin);
		else if (below(att->ops->below_low, memcg, &memcg->memory.elow))
			raise(&memcg->memory.elow);
	}
	rcu_read_unlock();
}

static void lower(unsigned long *effective, unsigned long setting)
{
	if (READ_ONCE(*effective) >= FULL_PROTECTION)
		WRITE_ONCE(*effective, setting);
}

/*
 * Takes back what protect() gave to root and those below it. Reclaim calculates anew before most
 * looks, but the multi-gen LRU's direct reclaim trusts what kswapd calculated last.
 */
void unprotect_tree(struct mem_cgroup *root)
{
	struct cgroup_subsys_state *css;

	rcu_read_lock();
	css_for_each_descendant_pre(css, &root->css) {
		struct page_counter *memory = &mem_cgroup_from_css(css)->memory;

		lower(&memory->emin, READ_ONCE(memory->min));
		lower(&memory->elow, READ_ONCE(memory->low));
	}
	rcu_read_unlock();
}
