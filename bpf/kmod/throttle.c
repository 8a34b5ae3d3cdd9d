// SPDX-License-Identifier: GPL-2.0
/*
 * get_high_delay_ms: ask, and put the charging task to sleep.
 */
#include <linux/cgroup.h>
#include <linux/jiffies.h>
#include <linux/psi.h>
#include <linux/sched/signal.h>

#include "kmod.h"

/* As in mem_cgroup_handle_over_high(): not worth a sleep. */
#define MIN_DELAY_JIFFIES (HZ / 100)

static struct attachment *current_throttler(void)
{
	struct attachment *att = governing(mem_cgroup_from_task(current));

	return att && att->ops->get_high_delay_ms ? att : NULL;
}

/* Whether the current task's charges are asked about. */
bool throttles_current(void)
{
	bool yes;

	rcu_read_lock();
	yes = current_throttler();
	rcu_read_unlock();
	return yes;
}

/* Whether the answer may hold the current task for good. */
bool holds_current(void)
{
	struct attachment *att;
	bool yes;

	rcu_read_lock();
	att = current_throttler();
	yes = att && (att->flags & MEMCG_BPF_HOLD);
	rcu_read_unlock();
	return yes;
}

/*
 * The answer for the current task in jiffies, 0 for none worth a sleep; then *attp is the ops'
 * attachment with a reference, to sleep on outside RCU.
 */
static unsigned long ask(struct attachment **attp)
{
	struct attachment *att;
	unsigned int ms = 0;

	rcu_read_lock();
	att = current_throttler();
	if (att && refcount_inc_not_zero(&att->refs)) {
		ms = att->ops->get_high_delay_ms(mem_cgroup_from_task(current));
		atomic_long_inc(&counters[COUNTER_ASKED]);
		*attp = att;
	}
	rcu_read_unlock();
	if (msecs_to_jiffies(ms) > MIN_DELAY_JIFFIES)
		return msecs_to_jiffies(min(ms, MEMCG_BPF_MAX_DELAY_MS));
	if (*attp)
		attachment_put(*attp);
	return 0;
}

/* Until the time is over, the ops are detached, or the task is killed. */
static void sleep_on(struct attachment *att, unsigned long timeout)
{
	unsigned long start = jiffies;
	unsigned long pflags;

	psi_memstall_enter(&pflags);
	wait_event_killable_timeout(att->sleepers, READ_ONCE(att->detached), timeout);
	psi_memstall_leave(&pflags);
	atomic_long_inc(&counters[COUNTER_SLEPT]);
	atomic_long_add(jiffies_to_msecs(jiffies - start), &counters[COUNTER_SLEPT_MS]);
}

/*
 * Asks once, sleeps the answer less what the kernel's own penalty has *served of it already, in
 * jiffies. Returns whether to ask again: a task that is held is released by the answer 0 only.
 */
static bool ask_and_sleep(unsigned long *served)
{
	struct attachment *att = NULL;
	unsigned long delay = ask(&att);
	unsigned long credit = min(delay, *served);
	bool hold;

	if (!delay)
		return false;
	*served -= credit;
	if (delay > credit)
		sleep_on(att, delay - credit);
	hold = att->flags & MEMCG_BPF_HOLD;
	attachment_put(att);
	return hold && !fatal_signal_pending(current);
}

/*
 * Makes the current task wait as its ops want, for as many charges as questions says.
 * served: the jiffies that it has slept for them already.
 */
void throttle_current(unsigned int questions, unsigned long served)
{
	while (questions-- && !fatal_signal_pending(current))
		while (ask_and_sleep(&served))
			;
}
