/* SPDX-License-Identifier: GPL-2.0 */
/*
 * libbpf's headers for the machine itself: with these, bpf/policies/memlua.bpf.h and the policies are compiled into a program,
 * whose world tests/fuzz/native/world.h makes (tests/unit/policy_twins.t).
 */
#ifndef NATIVE_BPF_HELPERS_H
#define NATIVE_BPF_HELPERS_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SEC(name) __attribute__((unused))
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __uint(name, value) int(*name)[value]
#define __type(name, value) __typeof__(value) *name
#define __kptr
#define __ksym
#define __weak
#define bpf_ksym_exists(function) 1
#define bpf_get_mem_cgroup___refaults bpf_get_mem_cgroup
#define bpf_put_mem_cgroup___refaults bpf_put_mem_cgroup
#define bpf_mem_cgroup_page_state___refaults bpf_mem_cgroup_page_state
#define bpf_repeat(turns) for (int __turn = 0; __turn < (turns); __turn++)

void *bpf_map_lookup_elem(void *map, const void *key);
long bpf_for_each_map_elem(void *map, void *body, void *context, __u64 flags);
__u64 bpf_ktime_get_ns(void);
__u64 bpf_get_current_task(void);

#define bpf_kptr_xchg(slot, pointer)                                                               \
	({                                                                                         \
		__typeof__(*(slot)) __old = *(slot);                                               \
		*(slot) = (pointer);                                                               \
		__old;                                                                             \
	})
#define barrier_var(variable) asm volatile("" : "+r"(variable))
#define bpf_probe_read_kernel(to, size, from) memcpy(to, from, size)
#define BPF_SNPRINTF(out, size, format, args...) snprintf(out, size, format, ##args)

#endif
