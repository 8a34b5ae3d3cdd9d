// SPDX-License-Identifier: GPL-2.0
/*
 * memlua_hostwait.ko, for a microVM on the virtual clock: time stands still while the host works for the guest.
 *
 * Where the only CPU halts, QEMU's virtual clock (-icount sleep=off) leaps to the next timer at once, then to the
 * one after it, as often as it can until the host's answer comes: a file request that takes the host 0.1 ms can
 * last seconds here. So while a request is in flight the kernel's idle loop polls, and on the way into it we halt with
 * the timer stopped: with nothing to leap to, time stands still, and the host has the CPU to itself. Other idle
 * time is skipped as before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <trace/events/power.h>

struct fuse_req;

/* cpu_idle_poll_ctrl(), kernel/sched/idle.c: makes the idle loop poll for as long as more said true than false. */
static void (*poll_ctrl)(bool enable);

static DEFINE_RAW_SPINLOCK(lock);
static unsigned int in_flight;

static void sent(void *data, const struct fuse_req *req)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (!in_flight++)
		poll_ctrl(true);
	raw_spin_unlock_irqrestore(&lock, flags);
}

/* Of a request that was sent before we were there only the end is seen. */
static void ended(void *data, const struct fuse_req *req)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock, flags);
	if (in_flight && !--in_flight)
		poll_ctrl(false);
	raw_spin_unlock_irqrestore(&lock, flags);
}

/*
 * The only source of timer interrupts on the virtual clock (noapictimer): timer 0 of the HPET, where QEMU has it.
 * The HPET is halted as a whole and goes on from where it stopped; time stands still meanwhile, so nothing is late. Its
 * timer alone won't do: since 10.0 QEMU leaps to the comparator of one that is switched off, and the next after 42.9 s
 * (2^32 ticks of 10 ns), a hundred times for a compiler.
 * IA-PC HPET specification 1.0a, 2.3.5 (general configuration) and 2.3.8 (timers).
 */
#define HPET_ADDRESS 0xfed00000
#define HPET_BYTES 0x400
#define CONFIGURATION 0x10
#define ENABLED BIT(0)
#define TIMER_0 0x100
#define TIMER_ENABLED BIT(2)

static void __iomem *hpet;

/* Interrupts are off before and after. Return: false where the timer is another, so that polling must do. */
static bool halt_without_timer(void)
{
	u32 configuration = readl(hpet + CONFIGURATION);

	if (!(configuration & ENABLED) || !(readl(hpet + TIMER_0) & TIMER_ENABLED))
		return false;
	writel(configuration & ~ENABLED, hpet + CONFIGURATION);
	safe_halt();
	raw_local_irq_disable();
	writel(configuration, hpet + CONFIGURATION);
	return true;
}

/* In the idle task, with interrupts off. As soon as there is something to do the kernel goes on: it looks, too. */
static void idle(void *data, unsigned int state, unsigned int cpu)
{
	while (state != PWR_EVENT_EXIT && READ_ONCE(in_flight) && !need_resched())
		if (!halt_without_timer())
			return;
}

/* Not exported to modules, so found by name. The end first: it may be missed for none that was counted. */
static struct point {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} points[] = {
	{"fuse_request_end", ended},
	{"fuse_request_send", sent},
};

static void find_point(struct tracepoint *tracepoint, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(tracepoint->name, points[i].name))
			points[i].tracepoint = tracepoint;
}

/* A kprobe that is never armed, for the name service. */
static void *find_function(const char *name)
{
	struct kprobe kp = {.symbol_name = name, .flags = KPROBE_FLAG_DISABLED};

	if (register_kprobe(&kp))
		return NULL;
	unregister_kprobe(&kp);
	return kp.addr;
}

static int missing(const char *what)
{
	pr_err("%s: not in this kernel; the virtual clock will leap while the host serves files\n",
	       what);
	return -ENOENT;
}

/* Behind all others that want to know when the CPU idles: they would find out late. */
#define LAST (-1)

static int attach(void)
{
	int err = register_trace_prio_cpu_idle(idle, NULL, LAST);

	if (err)
		return err;
	err = tracepoint_probe_register(points[0].tracepoint, points[0].probe, NULL);
	if (!err)
		err = tracepoint_probe_register(points[1].tracepoint, points[1].probe, NULL);
	if (!err)
		return 0;
	unregister_trace_cpu_idle(idle, NULL);
	tracepoint_probe_unregister(points[0].tracepoint, points[0].probe, NULL);
	tracepoint_synchronize_unregister();
	return err;
}

/* There is no way out, so that nothing can be left behind: the module lives as long as its microVM. */
static int __init hostwait_init(void)
{
	int i;

	poll_ctrl = find_function("cpu_idle_poll_ctrl");
	if (!poll_ctrl)
		return missing("cpu_idle_poll_ctrl");
	hpet = ioremap(HPET_ADDRESS, HPET_BYTES);
	if (!hpet)
		return -ENOMEM;
	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!points[i].tracepoint)
			return missing(points[i].name);
	return attach();
}
module_init(hostwait_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The virtual clock stands still while the host works for the guest");
