// SPDX-License-Identifier: GPL-2.0
/*
 * The struct_ops type memcg_bpf_ops: what BPF's verifier, maps and links need to know about it.
 */
#include <linux/bpf.h>
#include <linux/bpf_verifier.h>
#include <linux/btf.h>
#include <linux/filter.h>
#include <linux/module.h>

#include "kmod.h"

static int ops_init(struct btf *btf)
{
	return 0;
}

static bool ops_is_valid_access(int off, int size, enum bpf_access_type type,
				const struct bpf_prog *prog, struct bpf_insn_access_aux *info)
{
	return bpf_tracing_btf_ctx_access(off, size, type, prog, info);
}

static const struct bpf_verifier_ops ops_verifier = {
	.get_func_proto = bpf_base_func_proto,
	.is_valid_access = ops_is_valid_access,
};

/* The callbacks run under RCU, some of them deep in reclaim. */
static int ops_check_member(const struct btf_type *t, const struct btf_member *member,
			    const struct bpf_prog *prog)
{
	return prog->sleepable ? -EINVAL : 0;
}

/* Returns 1 for a member that has been copied, 0 to leave it to BPF. */
static int ops_init_member(const struct btf_type *t, const struct btf_member *member, void *kdata,
			   const void *udata)
{
	struct memcg_bpf_ops *ops = kdata;
	const struct memcg_bpf_ops *from = udata;

	switch (__btf_member_bit_offset(t, member) / 8) {
	case offsetof(struct memcg_bpf_ops, cgroup_id):
		ops->cgroup_id = from->cgroup_id;
		return 1;
	case offsetof(struct memcg_bpf_ops, flags):
		ops->flags = from->flags;
		return 1;
	}
	return 0;
}

static int ops_validate(void *kdata)
{
	const struct memcg_bpf_ops *ops = kdata;

	return ops->flags & ~(MEMCG_BPF_ALLOW_OVERRIDE | MEMCG_BPF_HOLD) ? -EOPNOTSUPP : 0;
}

static int ops_reg(void *kdata, struct bpf_link *link)
{
	const struct memcg_bpf_ops *ops = kdata;
	int err = ops->memcg_uncharged ? uncharge_hook_get() : 0;

	if (err)
		return err;
	err = attach(ops);
	if (err && ops->memcg_uncharged)
		uncharge_hook_put();
	return err;
}

static void ops_unreg(void *kdata, struct bpf_link *link)
{
	const struct memcg_bpf_ops *ops = kdata;

	detach(ops);
	if (ops->memcg_uncharged)
		uncharge_hook_put();
}

/* Never called; BPF reads the callbacks' prototypes and, on CFI kernels, their type hashes. */
static void stub_handle_cgroup_online(struct mem_cgroup *memcg)
{
}

static void stub_handle_cgroup_offline(struct mem_cgroup *memcg)
{
}

static bool stub_below_low(struct mem_cgroup *memcg, unsigned long elow, unsigned long usage)
{
	return false;
}

static bool stub_below_min(struct mem_cgroup *memcg, unsigned long emin, unsigned long usage)
{
	return false;
}

static unsigned int stub_get_high_delay_ms(struct mem_cgroup *memcg)
{
	return 0;
}

static unsigned int stub_memcg_charged(struct mem_cgroup *memcg, unsigned int nr_pages)
{
	return 0;
}

static void stub_memcg_uncharged(struct mem_cgroup *memcg, unsigned int nr_pages)
{
}

static struct memcg_bpf_ops stubs = {
	.handle_cgroup_online = stub_handle_cgroup_online,
	.handle_cgroup_offline = stub_handle_cgroup_offline,
	.below_low = stub_below_low,
	.below_min = stub_below_min,
	.get_high_delay_ms = stub_get_high_delay_ms,
	.memcg_charged = stub_memcg_charged,
	.memcg_uncharged = stub_memcg_uncharged,
};

static struct bpf_struct_ops memcg_struct_ops = {
	.verifier_ops = &ops_verifier,
	.init = ops_init,
	.check_member = ops_check_member,
	.init_member = ops_init_member,
	.validate = ops_validate,
	.reg = ops_reg,
	.unreg = ops_unreg,
	.name = "memcg_bpf_ops",
	.cfi_stubs = &stubs,
	.owner = THIS_MODULE,
};

/* There is no unregister: the type goes with the module's BTF. */
int struct_ops_register(void)
{
	return register_bpf_struct_ops(&memcg_struct_ops, memcg_bpf_ops);
}
