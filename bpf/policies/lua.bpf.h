/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the C that memlua makes of a policy in Lua stands on (scripts/lib/memlua/policy): integers, a call and its
 * errors, what memcg.usage and its like read, tenants.
 */
#ifndef LUA_BPF_H
#define LUA_BPF_H

#include "memlua.bpf.h"
#include "lua_integer.h"
#include "lua_answer.h"

/* The kernel's PAGE_COUNTER_MAX in bytes: what memcg.max is without a limit. */
#define LUA_UNLIMITED ((__s64)(0x7fffffffffffffffLL / PAGE_SIZE * PAGE_SIZE))

/* A loop of which the compiler has seen that it ends within so many turns. */
#define LUA_LOOP(turns) bpf_repeat(turns)

/*
 * A number as the verifier doesn't know it. One that it knows, and that changes in each turn of a loop or for each tenant
 * and is compared later, makes it walk turn by turn, without end for tenants.
 */
static volatile __s64 lua_zero;
#define lua_hidden(number) lua_add(number, lua_zero)

/* --- memory cgroups, in bytes --- */

/* The values come from the kernel's BTF. */
enum memcg_memory_event {
	MEMCG_LOW = 0,
	MEMCG_HIGH = 1,
	MEMCG_MAX = 2,
	MEMCG_OOM = 3,
	MEMCG_OOM_KILL = 4,
};

static __always_inline __s64 lua_usage(struct mem_cgroup *memcg)
{
	return memcg_usage(memcg);
}

/* What of it is swapped out. */
static __always_inline __s64 lua_swap(struct mem_cgroup *memcg)
{
	return bytes(BPF_CORE_READ(memcg, swap.usage.counter));
}

static __always_inline __s64 lua_stalled(struct mem_cgroup *memcg)
{
	return memcg_stalled(memcg);
}

/* What is above the root has no limit. */
#define lua_limit(memcg, which)                                                                    \
	((memcg) ? (__s64)bytes(BPF_CORE_READ(memcg, memory.which)) : LUA_UNLIMITED)

#define lua_event(memcg, which)                                                                    \
	lua_event_at(memcg, bpf_core_enum_value(enum memcg_memory_event, which))

static __always_inline __s64 lua_event_at(struct mem_cgroup *memcg, __u32 index)
{
	atomic_long_t event = {};

	if (memcg)
		bpf_probe_read_kernel(
			&event, sizeof(event),
			(char *)memcg + bpf_core_field_offset(struct mem_cgroup, memory_events) +
				index * sizeof(event));
	return event.counter;
}

static __always_inline __u64 lua_id(struct mem_cgroup *memcg)
{
	return memcg_id(memcg);
}

static __always_inline struct mem_cgroup *lua_parent(struct mem_cgroup *memcg)
{
	return (struct mem_cgroup *)BPF_CORE_READ(memcg, css.parent);
}

/*
 * memcg.stat, by functions of the kernel's that want a memcg which they know to live. The one at hand is read by its address
 * only; but it is, or lies above, the cgroup of a tenant, to which its entry has a reference.
 */
static __always_inline struct mem_cgroup *lua_living_from(struct cgroup *from,
							  struct mem_cgroup *memcg)
{
	struct mem_cgroup *found = NULL;
	struct cgroup *cgroup;

	if (!from)
		return NULL;
	cgroup = bpf_cgroup_ancestor(from, BPF_CORE_READ(memcg, css.cgroup, level));
	if (!cgroup)
		return NULL;
	if (cgroup->kn->id == lua_id(memcg))
		found = bpf_get_mem_cgroup(&cgroup->self);
	bpf_cgroup_release(cgroup);
	return found;
}

/* The one at hand, with a reference; NULL: it has gone. */
static __always_inline struct mem_cgroup *lua_living(struct lua_call *call,
						     struct mem_cgroup *memcg)
{
	struct mem_cgroup *living = NULL;

	if (memcg)
		living = lua_living_from(call->other, memcg);
	if (memcg && !living)
		living = lua_living_from(call->mine, memcg);
	return living;
}

/* What has gone has nothing. */
static __noinline __s64 lua_state(struct lua_call *call, struct mem_cgroup *memcg, int item)
{
	struct mem_cgroup *living = lua_living(call, memcg);
	__s64 value;

	if (!living)
		return 0;
	value = bpf_mem_cgroup_page_state(living, item);
	bpf_put_mem_cgroup(living);
	return value;
}

static __noinline __s64 lua_events(struct lua_call *call, struct mem_cgroup *memcg, int item)
{
	struct mem_cgroup *living = lua_living(call, memcg);
	__s64 value;

	if (!living)
		return 0;
	value = bpf_mem_cgroup_vm_events(living, item);
	bpf_put_mem_cgroup(living);
	return value;
}

#define LUA_MINE(call, cgroup) (call)->mine = (cgroup)
#define LUA_OTHER(call, tenant) (call)->other = (tenant)->cgroup
#define LUA_STATE(call, memcg, list, item)                                                         \
	lua_state(call, memcg, bpf_core_enum_value(enum list, item))
#define LUA_EVENTS(call, memcg, item)                                                              \
	(bpf_core_enum_value_exists(enum vm_event_item, item) ?                                    \
		 lua_events(call, memcg, bpf_core_enum_value(enum vm_event_item, item)) :          \
		 LUA_STATE(call, memcg, node_stat_item___events, item##___state))

/* --- time, ms since the machine began --- */

static __always_inline __s64 lua_now(void)
{
	return bpf_ktime_get_ns() / NSEC_PER_MSEC;
}

/* --- the thread that charges --- */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int static_prio;
};

#pragma clang attribute pop

#define DEFAULT_PRIO 120 /* that of nice 0: include/linux/sched/prio.h */

/* Its nice value, -20 to 19; it is the current one when its charge is asked about. */
static __always_inline __s64 lua_nice(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	return BPF_CORE_READ(task, static_prio) - DEFAULT_PRIO;
}

/* --- tenants --- */

/* The entries of a role; the host sizes the map. */
#define LUA_TENANTS(role)                                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, 64);                                                           \
		__type(key, __u64);                                                                \
		__type(value, struct role##_tenant);                                               \
	} role##_memcg SEC(".maps")

/* Beside what a policy declares of its tenants. */
#define LUA_TENANT                                                                                 \
	bool gone __doc("the cgroup was removed");                                                 \
	CGROUP_REF(cgroup)

/* Beside the statistics that a policy declares. */
#define LUA_STATS                                                                                  \
	__u64 asked __doc("times that the kernel asked");                                          \
	__u64 errors __doc("calls that an error ended: answered with 0");                          \
	__u64 error_line __doc("the line in Lua of the last of them");                             \
	__u64 strangers __doc("asked for a cgroup without an entry: answered with 0")

#define LUA_FOR_EACH(role, body, env) bpf_for_each_map_elem(&role##_memcg, body, env, 0)

/* What the function of a for_each returns: the verifier wants to see 0 or 1, and a bool from memory is any byte to it. */
#define lua_end(yes)                                                                               \
	({                                                                                         \
		long __end = (yes);                                                                \
		barrier_var(__end);                                                                \
		__end & 1;                                                                         \
	})

static __always_inline struct mem_cgroup *lua_memcg(struct cgroup *cgroup)
{
	return cgroup ? cgroup_memcg(cgroup) : NULL;
}

/* The attached cgroup itself went away; one below it has no entry. */
#define LUA_OFFLINE(role)                                                                          \
	SEC("struct_ops/handle_cgroup_offline")                                                    \
	void BPF_PROG(role##_offline, struct mem_cgroup *memcg)                                    \
	{                                                                                          \
		__u64 id = memcg->css.cgroup->kn->id;                                              \
		struct role##_tenant *me = bpf_map_lookup_elem(&role##_memcg, &id);                \
                                                                                                   \
		if (me)                                                                            \
			me->gone = true;                                                           \
	}

/* --- page faults --- */

static __always_inline bool lua_is_fault(int item)
{
	return item == (int)bpf_core_enum_value(enum vm_event_item, PGFAULT);
}

/* Kernels with the memcg tracepoint (6.14 or so), and those before it. */
#define LUA_FAULTED(role, conditions)                                                              \
	SEC("?tp_btf/count_memcg_events")                                                          \
	__one_of(#role "_faulted")                                                                 \
	conditions int BPF_PROG(role##_faulted_tracepoint, struct mem_cgroup *memcg, int item,     \
				unsigned long events)                                              \
	{                                                                                          \
		role##_faulted(memcg, item, events);                                               \
		return 0;                                                                          \
	}                                                                                          \
	SEC("?fentry/__count_memcg_events")                                                        \
	__one_of(#role "_faulted")                                                                 \
	conditions int BPF_PROG(role##_faulted_fentry, struct mem_cgroup *memcg, int item,         \
				unsigned long events)                                              \
	{                                                                                          \
		role##_faulted(memcg, item, events);                                               \
		return 0;                                                                          \
	}

/* --- joining --- */

/* Of a role's join: what the policy says, and then the entry keeps its cgroup. */
#define lua_joined(ctx, call, answer, slot)                                                        \
	({                                                                                         \
		int __error = (answer);                                                            \
		if ((call)->line)                                                                  \
			__error = refuse(ctx, -EINVAL, "error in line %u", (call)->line);          \
		__error ? __error : adopt_cgroup(slot, (ctx)->cgroup_id);                          \
	})

#endif
