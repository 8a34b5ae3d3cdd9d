// SPDX-License-Identifier: GPL-2.0
/*
 * memcg_charged, get_high_delay_ms: ask, and put the task that has charged to sleep.
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

	return att && (att->ops->memcg_charged || att->ops->get_high_delay_ms) ? att : NULL;
}

static unsigned int question(const struct memcg_bpf_ops *ops, unsigned int nr_pages)
{
	struct mem_cgroup *memcg = mem_cgroup_from_task(current);

	return ops->memcg_charged ? ops->memcg_charged(memcg, nr_pages) :
				    ops->get_high_delay_ms(memcg);
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

/*
 * The answer for the current task in jiffies, 0 for none worth a sleep; then *attp is the ops'
 * attachment with a reference, to sleep on outside RCU.
 */
static unsigned long ask(const struct debt *debt, struct attachment **attp)
{
	struct attachment *att;
	unsigned int ms = 0;

	rcu_read_lock();
	att = current_throttler();
	if (att && refcount_inc_not_zero(&att->refs)) {
		ms = question(att->ops, debt_pages(debt));
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

/*
 * Until the time is over, the ops are detached, or a signal is pending. Returns the jiffies slept.
 *
 * Any signal ends it, because that is how a task is stopped, traced, and frozen, by cgroup.freeze or for suspend:
 * all of which happen where signals are handled, on the way to user mode, which the task then resumes.
 *
 * A function of its own: its name is what /proc/PID/wchan says of a task that sleeps for a policy.
 */
static noinline unsigned long memcg_bpf_sleep(struct attachment *att, unsigned long timeout)
{
	unsigned long start = jiffies;
	unsigned long pflags;

	psi_memstall_enter(&pflags);
	wait_event_interruptible_timeout(att->sleepers, READ_ONCE(att->detached), timeout);
	psi_memstall_leave(&pflags);
	atomic_long_inc(&counters[COUNTER_SLEPT]);
	atomic_long_add(jiffies_to_msecs(jiffies - start), &counters[COUNTER_SLEPT_MS]);
	return jiffies - start;
}

/*
 * A question is paid when as many jiffies have been slept for it as the answer says, some of them perhaps before a
 * signal, or in the kernel's own penalty: like natively it is the longer of the two, not their sum.
 */
static void sleep_for_answer(struct debt *debt, struct attachment *att, unsigned long delay)
{
	if (debt->slept >= delay) {
		debt->slept -= delay;
		debt_settle(debt);
		return;
	}
	debt->slept += memcg_bpf_sleep(att, delay - debt->slept);
	if (debt->slept < delay)
		return;
	debt->slept = 0; /* what a timer oversleeps is nobody's credit */
	debt_settle(debt);
}

/* Asks once; sleeps if it must. Returns whether it has. A task that is held is released by the answer 0 only. */
static bool answer_question(struct debt *debt)
{
	struct attachment *att = NULL;
	unsigned long delay = ask(debt, &att);

	if (!delay) {
		debt_settle(debt);
		return false;
	}
	if (att->flags & MEMCG_BPF_HOLD)
		memcg_bpf_sleep(att, delay);
	else
		sleep_for_answer(debt, att, delay);
	attachment_put(att);
	return true;
}

/*
 * Has the current task, which is about to return to user mode and holds no lock, pay what it owes; but one sleep at
 * a time, after which the kernel's loop there looks for signals and comes back. All of a system call's charges are
 * asked about and slept for before the next instruction of the program, however many they are.
 */
void pay(struct debt *debt)
{
	bool slept = false;

	while (debt->questions && !slept && !fatal_signal_pending(current))
		slept = answer_question(debt);
	if (debt->questions && !fatal_signal_pending(current))
		debt_mark(debt);
	else
		debt_free(debt);
}
