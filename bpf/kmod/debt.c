// SPDX-License-Identifier: GPL-2.0
/*
 * What a task owes: the charges that it has made inside a system call or a fault, and that its ops will be asked
 * about on its way back to user mode.
 *
 * A debt exists from a task's first charge until it is paid, or the task exits. Only its own task adds to it and
 * removes it, so a task needs no lock to find and change its own; the lock keeps the table's chains.
 */
#include <linux/hashtable.h>
#include <linux/resume_user_mode.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>

#include "kmod.h"

static DEFINE_HASHTABLE(debts, 8);
static DEFINE_SPINLOCK(debts_lock);
static struct tracepoint *exit_point; /* sched_process_exit */

/* The current task's, or NULL. */
struct debt *debt_find(void)
{
	struct debt *debt;

	rcu_read_lock();
	hash_for_each_possible_rcu(debts, debt, node, (unsigned long)current)
		if (debt->task == current)
			break;
	rcu_read_unlock();
	return debt;
}

/* Charges are made in any context, under locks, short of memory. */
static struct debt *debt_new(void)
{
	struct debt *debt = kzalloc(sizeof(*debt), GFP_ATOMIC | __GFP_NOWARN);
	unsigned long flags;

	if (!debt)
		return NULL;
	debt->task = current;
	spin_lock_irqsave(&debts_lock, flags);
	hash_add_rcu(debts, &debt->node, (unsigned long)current);
	spin_unlock_irqrestore(&debts_lock, flags);
	return debt;
}

void debt_free(struct debt *debt)
{
	unsigned long flags;

	debt_unmark(debt);
	spin_lock_irqsave(&debts_lock, flags);
	hash_del_rcu(&debt->node);
	spin_unlock_irqrestore(&debts_lock, flags);
	kfree_rcu(debt, rcu);
}

/*
 * Leads the task through mem_cgroup_handle_over_high() before it reaches user mode; newer kernels call it for pages
 * charged over memory.high only, so there must be one. Should the module go meanwhile, a page too many harms nobody.
 */
void debt_mark(struct debt *debt)
{
	if (!debt->marked)
		current->memcg_nr_pages_over_high++;
	debt->marked = true;
	set_notify_resume(current);
}

void debt_unmark(struct debt *debt)
{
	if (debt->marked)
		current->memcg_nr_pages_over_high--;
	debt->marked = false;
}

/* The current task has charged a batch. Where the kernel has no 80 bytes left, the charge goes unasked and is counted. */
void debt_note(unsigned long nr_pages)
{
	struct debt *debt = debt_find() ?: debt_new();

	if (!debt) {
		atomic_long_inc(&counters[COUNTER_LOST]);
		return;
	}
	debt->questions++;
	debt->pages += nr_pages;
	debt_mark(debt);
}

/* The pages of the next question: the mean of those that are left, so that they come to the sum. */
unsigned int debt_pages(const struct debt *debt)
{
	return min(DIV_ROUND_UP(debt->pages, debt->questions), (unsigned long)UINT_MAX);
}

/* That question is paid. */
void debt_settle(struct debt *debt)
{
	debt->pages -= debt_pages(debt);
	debt->questions--;
}

/* A task that dies in the kernel never comes to pay. */
static void on_exit(void *data, struct task_struct *task)
{
	struct debt *debt = task == current ? debt_find() : NULL;

	if (debt)
		debt_free(debt);
}

static void find_exit_point(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "sched_process_exit"))
		exit_point = tp;
}

/* Returns 0, or -ENOENT: this kernel doesn't tell when a task exits. */
int debts_start(void)
{
	for_each_kernel_tracepoint(find_exit_point, NULL);
	return exit_point ? tracepoint_probe_register(exit_point, on_exit, NULL) : -ENOENT;
}

/* When nobody can note, find or pay any more. Those of tasks that are still in the kernel are forgiven. */
void debts_stop(void)
{
	struct hlist_node *next;
	struct debt *debt;
	int bucket;

	tracepoint_probe_unregister(exit_point, on_exit, NULL);
	tracepoint_synchronize_unregister();
	hash_for_each_safe(debts, bucket, next, debt, node)
		kfree(debt);
}
