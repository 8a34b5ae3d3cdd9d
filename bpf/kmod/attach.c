// SPDX-License-Identifier: GPL-2.0
/*
 * Which ops govern which cgroup.
 *
 * Only attached cgroups have an entry; whoever wants to know who governs a cgroup walks up to the
 * nearest attached ancestor. Inheritance, override and the parent's return on detach need no code
 * and can't miss a cgroup that is being made at this moment. A walk is a few hash look-ups.
 *
 * Nothing here waits for a grace period: BPF frees the ops and their trampolines one RCU and one
 * RCU-tasks grace period after unreg (bpf_struct_ops_map_free), entries go by kfree_rcu. That is
 * what lets hundreds of tenants attach and detach at once.
 */
#include <linux/cgroup.h>
#include <linux/hashtable.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/slab.h>

#include "kmod.h"

static DEFINE_HASHTABLE(attached, 9);
static LIST_HEAD(attachments);
static unsigned int nr_attached;
static DEFINE_MUTEX(attach_mutex); /* taken inside cgroup_mutex by detach_removed() */

static struct attachment *attached_to(struct mem_cgroup *memcg)
{
	struct attachment *att;

	hash_for_each_possible_rcu(attached, att, node, (unsigned long)memcg,
				   lockdep_is_held(&attach_mutex))
		if (att->memcg == memcg)
			return att;
	return NULL;
}

/* The attachment of memcg or of its nearest attached ancestor, or NULL. Needs RCU or the mutex. */
struct attachment *governing(struct mem_cgroup *memcg)
{
	struct attachment *att;

	if (!READ_ONCE(nr_attached))
		return NULL;
	for (; memcg; memcg = parent_mem_cgroup(memcg)) {
		att = attached_to(memcg);
		if (att)
			return att;
	}
	return NULL;
}

void attachment_put(struct attachment *att)
{
	if (!refcount_dec_and_test(&att->refs))
		return;
	css_put(&att->memcg->css);
	kfree_rcu(att, rcu);
}

static bool any_below(struct mem_cgroup *memcg)
{
	struct attachment *att;

	list_for_each_entry(att, &attachments, list)
		if (!att->detached && mem_cgroup_is_descendant(att->memcg, memcg))
			return true;
	return false;
}

static bool may_attach(struct mem_cgroup *memcg)
{
	struct attachment *above = governing(memcg);

	if (above && (above->memcg == memcg || !(above->flags & MEMCG_BPF_ALLOW_OVERRIDE)))
		return false;
	return !any_below(memcg);
}

/*
 * The memcg of exactly this cgroup, with a reference. Never an ancestor's, as cgroup_get_e_css()
 * would return for a cgroup without the memory controller: the ops would govern strangers.
 *
 * A css that is still online under the mutex has its offline hook ahead of it, which then waits
 * for the mutex: no attachment escapes detach_removed().
 */
static struct mem_cgroup *memcg_get_online(struct cgroup *cgrp)
{
	struct cgroup_subsys_state *css;
	struct mem_cgroup *memcg;

	lockdep_assert_held(&attach_mutex);
	rcu_read_lock();
	css = rcu_dereference(cgrp->subsys[memory_cgrp_id]);
	if (!css)
		memcg = ERR_PTR(-ENODEV);
	else if (!css_tryget_online(css))
		memcg = ERR_PTR(-ENOENT);
	else
		memcg = mem_cgroup_from_css(css);
	rcu_read_unlock();
	return memcg;
}

static int attach_locked(struct attachment *att, struct cgroup *cgrp)
{
	struct mem_cgroup *memcg = memcg_get_online(cgrp);

	if (IS_ERR(memcg))
		return PTR_ERR(memcg);
	if (!may_attach(memcg)) {
		css_put(&memcg->css);
		return -EBUSY;
	}
	att->memcg = memcg;
	list_add(&att->list, &attachments);
	hash_add_rcu(attached, &att->node, (unsigned long)memcg);
	WRITE_ONCE(nr_attached, nr_attached + 1);
	return 0;
}

/*
 * Attaches ops to the cgroup that its cgroup_id names. Returns 0, -ENOENT (no such cgroup, or not
 * visible from the caller's cgroup namespace), -ENODEV (it has no memory controller), -EBUSY (it,
 * one above that doesn't allow override, or one below has ops), -ENOMEM.
 */
int attach(const struct memcg_bpf_ops *ops)
{
	struct attachment *att;
	struct cgroup *cgrp;
	int err;

	cgrp = cgroup_get_from_id(ops->cgroup_id);
	if (IS_ERR(cgrp))
		return PTR_ERR(cgrp);
	att = kzalloc(sizeof(*att), GFP_KERNEL);
	if (!att) {
		cgroup_put(cgrp);
		return -ENOMEM;
	}
	att->ops = ops;
	att->flags = ops->flags;
	init_waitqueue_head(&att->sleepers);
	refcount_set(&att->refs, 1);

	mutex_lock(&attach_mutex);
	err = attach_locked(att, cgrp);
	mutex_unlock(&attach_mutex);
	cgroup_put(cgrp);
	if (err)
		kfree(att);
	return err;
}

/* No new questions to these ops from here on, and nobody sleeps on an old answer. */
static void retire(struct attachment *att)
{
	lockdep_assert_held(&attach_mutex);
	if (att->detached)
		return;
	hash_del_rcu(&att->node);
	WRITE_ONCE(nr_attached, nr_attached - 1);
	WRITE_ONCE(att->detached, true);
	wake_up_all(&att->sleepers);
	unprotect_tree(att->memcg);
}

/* The link or map of ops goes. The cgroup may be long gone. */
void detach(const struct memcg_bpf_ops *ops)
{
	struct attachment *att;

	mutex_lock(&attach_mutex);
	list_for_each_entry(att, &attachments, list)
		if (att->ops == ops) {
			retire(att);
			list_del(&att->list);
			attachment_put(att);
			break;
		}
	mutex_unlock(&attach_mutex);
}

/* memcg goes offline. Its link, if it has one, stays and is closed whenever its owner likes. */
void detach_removed(struct mem_cgroup *memcg)
{
	struct attachment *att;

	mutex_lock(&attach_mutex);
	att = attached_to(memcg);
	if (att)
		retire(att);
	mutex_unlock(&attach_mutex);
}
