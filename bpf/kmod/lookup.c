// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel has and doesn't export. Such a function is called by a static call, as the originals in hooks.c are.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/kprobes.h>
#include <linux/static_call.h>

#include "kmod.h"

DEFINE_STATIC_CALL_NULL(get_btf_vmlinux, bpf_get_btf_vmlinux);
DEFINE_STATIC_CALL_NULL(find_by_name_kind, btf_find_by_name_kind);

/* The address of a function, or 0. A kprobe that is never armed, for the name service: kallsyms_lookup_name() is not exported. */
unsigned long lookup(const char *name)
{
	struct kprobe kp = {.symbol_name = name, .flags = KPROBE_FLAG_DISABLED};

	if (!name || register_kprobe(&kp))
		return 0;
	unregister_kprobe(&kp);
	return (unsigned long)kp.addr;
}

/* Whether the kernel's own BTF has a struct of that name: 1, 0, or -ENOENT: that can't be told. */
int kernel_has_type(const char *name)
{
	unsigned long get = lookup("bpf_get_btf_vmlinux"), find = lookup("btf_find_by_name_kind");
	struct btf *btf;

	if (!get || !find)
		return -ENOENT;
	static_call_update(get_btf_vmlinux, (typeof(&bpf_get_btf_vmlinux))get);
	static_call_update(find_by_name_kind, (typeof(&btf_find_by_name_kind))find);
	btf = static_call(get_btf_vmlinux)();
	if (IS_ERR_OR_NULL(btf))
		return -ENOENT;
	return static_call(find_by_name_kind)(btf, name, BTF_KIND_STRUCT) > 0;
}
