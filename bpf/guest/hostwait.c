// SPDX-License-Identifier: GPL-2.0
/*
 * memlua_hostwait.ko, for a microVM on the virtual clock: time stands still while the host works for the guest.
 *
 * Where the only CPU halts, QEMU's virtual clock (-icount sleep=off) leaps to the next timer at once, then to the
 * one after it, as often as it can until the host's answer comes: a file request that takes the host 0.1 ms can
 * last seconds here. So the CPU doesn't halt while a request is in flight, the kernel's idle loop polls. Its
 * PAUSE leaves QEMU's translated code each time, which takes the host a microsecond or more for some ten
 * instructions of the guest's: hardly any virtual time passes. Other idle time is skipped as before.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>

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

/* Not exported to modules, so found by name. The end first: it may be missed for none that was counted. */
static struct point {
	const char *name;
	void *probe;
	struct tracepoint *tracepoint;
} points[] = {
	{ "fuse_request_end", ended },
	{ "fuse_request_send", sent },
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
	struct kprobe kp = { .symbol_name = name, .flags = KPROBE_FLAG_DISABLED };

	if (register_kprobe(&kp))
		return NULL;
	unregister_kprobe(&kp);
	return kp.addr;
}

static int missing(const char *what)
{
	pr_err("%s: not in this kernel; the virtual clock will leap while the host serves files\n", what);
	return -ENOENT;
}

/* There is no way out, so that nothing can be left behind: the module lives as long as its microVM. */
static int __init hostwait_init(void)
{
	int err = 0;
	int i;

	poll_ctrl = find_function("cpu_idle_poll_ctrl");
	if (!poll_ctrl)
		return missing("cpu_idle_poll_ctrl");
	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!points[i].tracepoint)
			return missing(points[i].name);
	for (i = 0; i < ARRAY_SIZE(points) && !err; i++)
		err = tracepoint_probe_register(points[i].tracepoint, points[i].probe, NULL);
	if (err && i == 2)
		tracepoint_probe_unregister(points[0].tracepoint, points[0].probe, NULL);
	return err;
}
module_init(hostwait_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The virtual clock stands still while the host works for the guest");
