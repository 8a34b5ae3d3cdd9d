// SPDX-License-Identifier: GPL-2.0
/*
 * memcg_bpf_ops.ko: the struct_ops of the memory controller of RFC v6 and v7 on a stock kernel.
 */
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "kmod.h"

atomic_long_t counters[NR_COUNTERS];

static int counter_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%ld\n", atomic_long_read(kp->arg));
}

static const struct kernel_param_ops counter_ops = {.get = counter_get};

module_param_cb(asked, &counter_ops, &counters[COUNTER_ASKED], 0444);
MODULE_PARM_DESC(asked, "calls of memcg_charged or get_high_delay_ms");
module_param_cb(slept, &counter_ops, &counters[COUNTER_SLEPT], 0444);
MODULE_PARM_DESC(slept, "sleeps that its answers led to");
module_param_cb(slept_ms, &counter_ops, &counters[COUNTER_SLEPT_MS], 0444);
MODULE_PARM_DESC(slept_ms, "milliseconds slept in them");
module_param_cb(lost, &counter_ops, &counters[COUNTER_LOST], 0444);
MODULE_PARM_DESC(
	lost, "charges that could not be noted, and so were not asked about, for want of memory");
module_param_cb(weighed, &counter_ops, &counters[COUNTER_WEIGHED], 0444);
MODULE_PARM_DESC(weighed, "times that reclaim weighed a governed cgroup");
module_param_cb(protected, &counter_ops, &counters[COUNTER_PROTECTED], 0444);
MODULE_PARM_DESC(protected, "times that below_low or below_min said true");
module_param_cb(uncharged, &counter_ops, &counters[COUNTER_UNCHARGED], 0444);
MODULE_PARM_DESC(uncharged, "calls of memcg_uncharged");

static bool by_memlua;
module_param(by_memlua, bool, 0444);
MODULE_PARM_DESC(by_memlua, "loaded by memlua, whose last process unloads it");

static int __init memcg_bpf_ops_init(void)
{
	int native = kernel_has_type("memcg_bpf_ops");
	int err;

	if (native) {
		pr_err("this kernel %s memcg_bpf_ops itself, and we would replace functions that call it\n",
		       native > 0 ? "has" : "may have");
		return native > 0 ? -EOPNOTSUPP : native;
	}
	err = debts_start();
	if (err)
		return err;
	err = hooks_install();
	if (err)
		goto no_hooks;
	err = kfuncs_register();
	if (!err)
		err = struct_ops_register();
	if (!err)
		return 0;
	hooks_remove();
no_hooks:
	debts_stop();
	return err;
}

/* Every map of our type holds the module, so nothing is attached any more. */
static void __exit memcg_bpf_ops_exit(void)
{
	hooks_remove();
	debts_stop();
}

module_init(memcg_bpf_ops_init);
module_exit(memcg_bpf_ops_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION(
	"memcg_bpf_ops: BPF struct_ops for the memory controller (RFC v6 and v7) by ftrace");
MODULE_VERSION("0.1");
