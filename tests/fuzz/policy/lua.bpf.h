/* SPDX-License-Identifier: GPL-2.0 */
/*
 * In place of bpf/policies/lua.bpf.h under the C of a random policy (tests/lib/differential.lua): cgroups and tenants
 * are arrays, and the callbacks plain functions, so that inputs can be given. For the machine itself, and for BPF, where
 * runtime.h is the real one, whose integers, loops, maps and for_each are used.
 */
#ifdef __bpf__

#include "runtime.h"

#undef SEC
#define ENTRY __attribute__((section("syscall"), used))

char _license[] __attribute__((section("license"), used)) = "GPL";

#else

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

#define __always_inline inline __attribute__((always_inline))
#define ENTRY static
#define __doc(text)
#define __unit(name)
#define MEMCG_BPF_MAX_DELAY_MS 2000

struct memlua_join {
	__u64 cgroup_id;
};
struct mem_cgroup;
struct memcg_bpf_ops {
	void *memcg_charged, *below_low, *handle_cgroup_offline;
};

static __always_inline void count(__u64 *counter)
{
	++*counter;
}

#include "lua_integer.h"
#include "lua_answer.h"

#define lua_hidden(number) (number)
#define lua_end(yes) (yes)
#define LUA_LOOP(turns) for (int __turn = 0; __turn < (turns); __turn++)

#endif

/* What nothing but the kernel calls goes. */
#define SEC(name) static __attribute__((unused))
#undef BPF_PROG
#define BPF_PROG(name, args...) name(__u64 *ctx, ##args)
#undef POLICY
#define POLICY(text) struct policy_ends_here
#undef LUA_OFFLINE
#define LUA_OFFLINE(role)                                                                          \
	static void role##_offline(void)                                                           \
	{                                                                                          \
	}
#undef lua_joined
#define lua_joined(ctx, call, answer, slot) (answer)
#define ENOENT 2

/* --- the world --- */

#define TENANTS 3

struct test_cgroup {
	__s64 usage, max, high, low, min;
	__s64 events[5];
};

/* Of each tenant: its own, its parent, the parent's parent; and of one more, so that the verifier sees that & 3 is inside. */
static struct test_cgroup cgroups[(TENANTS + 1) * 3];
static __s64 test_now;
static __u32 test_me;

#undef lua_usage
#define lua_usage(memcg) (((struct test_cgroup *)(memcg))->usage)
#undef lua_limit
#define lua_limit(memcg, which) (((struct test_cgroup *)(memcg))->which)
#undef lua_event
#define lua_event(memcg, which) (((struct test_cgroup *)(memcg))->events[test_##which])
/* memcg.stat is one of these, too: tests/lib/differential.lua knows which. */
#undef LUA_MINE
#define LUA_MINE(call, cgroup)
#undef LUA_OTHER
#define LUA_OTHER(call, tenant)
#undef LUA_STATE
#define LUA_STATE(call, memcg, list, item) (((struct test_cgroup *)(memcg))->events[3])
#undef LUA_EVENTS
#define LUA_EVENTS(call, memcg, item) (((struct test_cgroup *)(memcg))->events[4])
#define lua_parent(memcg) ((struct mem_cgroup *)((struct test_cgroup *)(memcg) + 1))
#define lua_now() test_now
#define lua_memcg(place) ((struct mem_cgroup *)&cgroups[((place) & 3) * 3])
enum { test_MEMCG_LOW, test_MEMCG_HIGH, test_MEMCG_MAX, test_MEMCG_OOM, test_MEMCG_OOM_KILL };

#undef charged_pages
#define charged_pages(ctx) ((__s64)(ctx)[1])
#undef weighed_protection
#define weighed_protection(ctx, memcg, which) ((__s64)(ctx)[1])
#define bytes(pages) (pages)

#undef LUA_TENANT
#define LUA_TENANT                                                                                 \
	bool gone;                                                                                 \
	__u64 cgroup
#undef LUA_STATS
#define LUA_STATS __u64 asked, errors, error_line, strangers

#ifdef __bpf__

/* An array keeps its order, which Lua's list has. */
#undef LUA_TENANTS
#define LUA_TENANTS(role)                                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(max_entries, TENANTS);                                                      \
		__type(key, __u32);                                                                \
		__type(value, struct role##_tenant);                                               \
	} role##_memcg __attribute__((section(".maps"), used))
#define test_entry(role, i)                                                                        \
	({                                                                                         \
		__u32 __key = (i);                                                                 \
		(struct role##_tenant *)bpf_map_lookup_elem(&role##_memcg, &__key);                \
	})
#define memcg_attached(map, memcg) bpf_map_lookup_elem(map, &test_me)

#else

#define LUA_TENANTS(role) static struct role##_tenant role##_memcg[TENANTS]
#define test_entry(role, i) (&role##_memcg[i])
#define memcg_attached(map, memcg) (&(*(map))[test_me])
#define LUA_FOR_EACH(role, body, env)                                                              \
	for (int __i = 0; __i < TENANTS; __i++)                                                    \
		if (body((void *)0, (__u64 *)0, &role##_memcg[__i], env))                          \
			break
#define bpf_map_lookup_elem(map, id) (&(*(map))[*(id) % TENANTS])

#endif
