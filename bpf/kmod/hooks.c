// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel functions that lead to the callbacks, each replaced by one that calls the original.
 *
 * ftrace redirects the call, as it does for live patches. The original is reached by a static
 * call, which is a direct one: an indirect call would fault on CPUs with IBT, where the kernel
 * has taken away the landing pad of functions whose address nobody should need.
 *
 * Charges are noted in page_counter_try_charge(), where the context may be anything, and answered
 * for on the way back to user mode, where the task holds no lock. In between the note is kept in a
 * struct debt. The kernel comes by in mem_cgroup_handle_over_high(), for what it has itself noted
 * of pages charged over memory.high: reclaim, and a penalty if that doesn't help.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/page_counter.h>
#include <linux/rcupdate.h>
#include <linux/resume_user_mode.h>
#include <linux/sched/task.h>
#include <linux/srcu.h>
#include <linux/static_call.h>

#include "kmod.h"

/* Readers are the replacements that may sleep; unloading waits for them. */
DEFINE_STATIC_SRCU(hooks_srcu);

static bool try_charge(struct page_counter *counter, unsigned long nr_pages,
		       struct page_counter **fail);
static void handle_over_high(gfp_t gfp_mask);
static signed long timeout_killable(signed long timeout);
static void calculate_protection(struct mem_cgroup *root, struct mem_cgroup *memcg);
static int css_online(struct cgroup_subsys_state *css);
static void css_offline(struct cgroup_subsys_state *css);
static void uncharge(struct page_counter *counter, unsigned long nr_pages);

DEFINE_STATIC_CALL_NULL(orig_try_charge, try_charge);
DEFINE_STATIC_CALL_NULL(orig_handle_over_high, handle_over_high);
DEFINE_STATIC_CALL_NULL(orig_calculate_protection, calculate_protection);
DEFINE_STATIC_CALL_NULL(orig_timeout_killable, timeout_killable);
DEFINE_STATIC_CALL_NULL(orig_css_online, css_online);
DEFINE_STATIC_CALL_NULL(orig_css_offline, css_offline);
DEFINE_STATIC_CALL_NULL(orig_uncharge, uncharge);

/* Serves the swap, kmem and hugetlb counters too, and other cgroups' (set_active_memcg()). */
static bool is_own_memory(struct page_counter *counter)
{
	struct mem_cgroup *memcg;
	bool yes;

	rcu_read_lock();
	memcg = mem_cgroup_from_task(current);
	yes = memcg && counter == &memcg->memory;
	rcu_read_unlock();
	return yes;
}

static bool try_charge(struct page_counter *counter, unsigned long nr_pages,
		       struct page_counter **fail)
{
	bool charged = static_call(orig_try_charge)(counter, nr_pages, fail);

	if (charged && in_task() && current->mm && !(current->flags & PF_EXITING) &&
	    is_own_memory(counter) && throttles_current())
		debt_note(nr_pages);
	return charged;
}

/*
 * Called on the way back to user mode, and by try_charge_memcg() itself when it has counted more
 * than a batch over memory.high. resume_user_mode_work() clears the flag that debt_mark() sets,
 * which tells the two apart; if it has been set again since, we will be called again.
 */
static bool still_charging(void)
{
	return test_thread_flag(TIF_NOTIFY_RESUME);
}

/* What the kernel makes of the pages that it has itself counted. */
static void serve_kernel(gfp_t gfp_mask, struct debt *debt)
{
	debt_unmark(debt);
	static_call(orig_handle_over_high)(gfp_mask);
}

/* The kernel sleeps here, holding locks; we don't. */
static void serve_while_charging(gfp_t gfp_mask, struct debt *debt)
{
	/* It may be our mark that made it more than a batch. */
	if (current->memcg_nr_pages_over_high - debt->marked <= MEMCG_CHARGE_BATCH)
		return;
	serve_kernel(gfp_mask, debt);
	debt_mark(debt);
}

static void handle_over_high(gfp_t gfp_mask)
{
	struct debt *debt = debt_find();
	int idx = srcu_read_lock(&hooks_srcu);

	if (!debt) {
		static_call(orig_handle_over_high)(gfp_mask);
	} else if (still_charging()) {
		serve_while_charging(gfp_mask, debt);
	} else {
		serve_kernel(gfp_mask, debt);
		pay(debt);
	}
	srcu_read_unlock(&hooks_srcu, idx);
}

/* The kernel's own penalty is slept in here. Reclaim doesn't count. */
static signed long timeout_killable(signed long timeout)
{
	int idx = srcu_read_lock(&hooks_srcu);
	struct debt *debt = debt_find();
	unsigned long start = jiffies;
	signed long left = static_call(orig_timeout_killable)(timeout);

	if (debt)
		debt->slept += jiffies - start;
	srcu_read_unlock(&hooks_srcu, idx);
	return left;
}

static void calculate_protection(struct mem_cgroup *root, struct mem_cgroup *memcg)
{
	static_call(orig_calculate_protection)(root, memcg);
	/* mem_cgroup_unprotected(): neither the target nor the root cgroup is ever protected. */
	if (memcg != root && parent_mem_cgroup(memcg))
		protect(memcg);
}

static int css_online(struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	int idx = srcu_read_lock(&hooks_srcu);
	int err = static_call(orig_css_online)(css);
	struct attachment *att;

	rcu_read_lock();
	att = governing(memcg);
	if (!err && att && att->ops->handle_cgroup_online)
		att->ops->handle_cgroup_online(memcg);
	rcu_read_unlock();
	srcu_read_unlock(&hooks_srcu, idx);
	return err;
}

static void css_offline(struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	int idx = srcu_read_lock(&hooks_srcu);
	struct attachment *att;

	rcu_read_lock();
	att = governing(memcg);
	if (att && att->ops->handle_cgroup_offline)
		att->ops->handle_cgroup_offline(memcg);
	rcu_read_unlock();
	detach_removed(memcg);
	static_call(orig_css_offline)(css);
	srcu_read_unlock(&hooks_srcu, idx);
}

/*
 * Whose memory it counts, or NULL: the swap, kmem and hugetlb counters come by, too, whose chains end in other roots than
 * that of memory.
 */
static struct mem_cgroup *memcg_of(struct page_counter *counter)
{
	struct mem_cgroup *root = mem_cgroup_from_task(&init_task);
	struct page_counter *top = counter;

	while (top->parent)
		top = top->parent;
	while (parent_mem_cgroup(root))
		root = parent_mem_cgroup(root);
	return top == &root->memory ? container_of(counter, struct mem_cgroup, memory) : NULL;
}

static void uncharge(struct page_counter *counter, unsigned long nr_pages)
{
	struct mem_cgroup *memcg;
	struct attachment *att;

	static_call(orig_uncharge)(counter, nr_pages);
	rcu_read_lock();
	memcg = memcg_of(counter);
	att = memcg ? governing(memcg) : NULL;
	if (att && att->ops->memcg_uncharged) {
		atomic_long_inc(&counters[COUNTER_UNCHARGED]);
		att->ops->memcg_uncharged(memcg, nr_pages);
	}
	rcu_read_unlock();
}

enum {
	HOOK_TRY_CHARGE,
	HOOK_HANDLE_OVER_HIGH,
	HOOK_TIMEOUT_KILLABLE,
	HOOK_CALCULATE_PROTECTION,
	HOOK_CSS_ONLINE,
	HOOK_CSS_OFFLINE,
	HOOK_UNCHARGE,
};

static struct ftrace_ops redirect_ops, uncharge_ops;

static struct hook {
	const char *name;
	const char *newer_name; /* from 6.16: the old one is an inline test for pages over high */
	void *replacement;
	struct ftrace_ops *by; /* NULL: redirect_ops, for as long as the module is loaded */
	unsigned long address;
} hooks[] = {
	[HOOK_TRY_CHARGE] = {"page_counter_try_charge", NULL, try_charge},
	[HOOK_HANDLE_OVER_HIGH] = {"mem_cgroup_handle_over_high", "__mem_cgroup_handle_over_high",
				   handle_over_high},
	[HOOK_TIMEOUT_KILLABLE] = {"schedule_timeout_killable", NULL, timeout_killable},
	[HOOK_CALCULATE_PROTECTION] = {"mem_cgroup_calculate_protection", NULL,
				       calculate_protection},
	[HOOK_CSS_ONLINE] = {"mem_cgroup_css_online", NULL, css_online},
	[HOOK_CSS_OFFLINE] = {"mem_cgroup_css_offline", NULL, css_offline},
	[HOOK_UNCHARGE] = {"page_counter_uncharge", NULL, uncharge, &uncharge_ops},
};

/* The ftrace call sits at the function's start or just behind its landing pad. */
#define ENTRY_BYTES 16

static void notrace redirect(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *ops,
			     struct ftrace_regs *fregs)
{
	int i;

	if (within_module(parent_ip, THIS_MODULE))
		return;
	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		if (ip - hooks[i].address < ENTRY_BYTES) {
			ftrace_regs_set_instruction_pointer(fregs,
							    (unsigned long)hooks[i].replacement);
			return;
		}
}

/* Permanent: kernel.ftrace_enabled = 0 is refused, it would silently end all that hangs on us. */
#define REDIRECT_FLAGS                                                                             \
	(FTRACE_OPS_FL_IPMODIFY | FTRACE_OPS_FL_PERMANENT |                                        \
	 (IS_ENABLED(CONFIG_HAVE_DYNAMIC_FTRACE_WITH_ARGS) ? 0 : FTRACE_OPS_FL_SAVE_REGS))

static struct ftrace_ops redirect_ops = {.func = redirect, .flags = REDIRECT_FLAGS};

/* Every page that anybody gives back comes by here: in place only while ops want to know. */
static struct ftrace_ops uncharge_ops = {.func = redirect, .flags = REDIRECT_FLAGS};
/* never inside attach_mutex: ftrace takes locks that are held around that */
static DEFINE_MUTEX(uncharge_mutex);
static unsigned int uncharge_users;

/* Returns 0, or -EBUSY: as hooks_install(). */
int uncharge_hook_get(void)
{
	int err = 0;

	mutex_lock(&uncharge_mutex);
	if (!uncharge_users)
		err = register_ftrace_function(&uncharge_ops);
	if (!err)
		uncharge_users++;
	mutex_unlock(&uncharge_mutex);
	return err;
}

void uncharge_hook_put(void)
{
	mutex_lock(&uncharge_mutex);
	if (!--uncharge_users)
		unregister_ftrace_function(&uncharge_ops);
	mutex_unlock(&uncharge_mutex);
}

static int hook_find(struct hook *hook)
{
	hook->address = lookup(hook->name);
	if (!hook->address)
		hook->address = lookup(hook->newer_name);
	if (hook->address)
		return ftrace_set_filter_ip(hook->by ?: &redirect_ops, hook->address, 0, 0);
	pr_err("%s: not found in this kernel, or not traceable\n", hook->name);
	return -ENOENT;
}

#define ORIGINAL(replacement, hook)                                                                \
	static_call_update(orig_##replacement, (typeof(&replacement))hooks[hook].address)

static void originals_set(void)
{
	ORIGINAL(try_charge, HOOK_TRY_CHARGE);
	ORIGINAL(handle_over_high, HOOK_HANDLE_OVER_HIGH);
	ORIGINAL(timeout_killable, HOOK_TIMEOUT_KILLABLE);
	ORIGINAL(calculate_protection, HOOK_CALCULATE_PROTECTION);
	ORIGINAL(css_online, HOOK_CSS_ONLINE);
	ORIGINAL(css_offline, HOOK_CSS_OFFLINE);
	ORIGINAL(uncharge, HOOK_UNCHARGE);
}

static void filters_free(void)
{
	ftrace_free_filter(&redirect_ops);
	ftrace_free_filter(&uncharge_ops);
}

/*
 * Returns 0, -ENOENT (a function is missing), -EBUSY (ftrace is switched off, or another user
 * redirects one of the functions, e.g. a live patch).
 */
int hooks_install(void)
{
	int err = 0;
	int i;

	for (i = 0; i < ARRAY_SIZE(hooks) && !err; i++)
		err = hook_find(&hooks[i]);
	if (!err) {
		originals_set();
		err = register_ftrace_function(&redirect_ops);
		if (err)
			pr_err("ftrace: error %d; is kernel.ftrace_enabled 0, or a live patch loaded?\n",
			       err);
	}
	if (err)
		filters_free();
	return err;
}

/*
 * Unregistering waits, by an RCU-tasks grace period, for whoever is on the way to a replacement
 * or in one that doesn't sleep; SRCU for those that do; the last one for their way out.
 */
void hooks_remove(void)
{
	unregister_ftrace_function(&redirect_ops);
	filters_free();
	synchronize_srcu(&hooks_srcu);
	synchronize_rcu_tasks();
}
