/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The recording of a policy in Lua: for each call what it has read, in order, and what it has answered, into a ring buffer that
 * the host drains (host/core/policy_record.c) and memlua.policy.recording reads. memlua includes this behind lua.bpf.h
 * where a strategy says record = true; without, none of it is in the object.
 */
#ifndef LUA_RECORD_H
#define LUA_RECORD_H

/* Of calls that the host hasn't drained yet: 8128, each with a head of 8 bytes. A call that finds it full is lost, and counted. */
#define LUA_RING (8 << 20)

/* With so many a record is 1K. What a call reads beyond is not kept, and the record says so. */
#define LUA_READS 61

struct lua_read {
	__u64 of; /* the cgroup's id, and in the highest byte what was read of it */
	__s64 value;
};

struct lua_record {
	__u64 time;   /* ns, CLOCK_MONOTONIC */
	__u64 tenant; /* the id of its cgroup */
	__s64 argument[2], answer;
	__u16 function; /* from 0; the host's own records have another */
	__u16 reads;
	__u8 base;      /* of these, read for the recording itself */
	__u8 cut, ends; /* some are missing; the function of a for_each has ended it */
	__u8 failed;    /* by an error in Lua */
	struct lua_read read[LUA_READS];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, LUA_RING);
} lua_recording SEC(".maps");

/* What was read: as the list in memlua.policy.kinds has it, whose first ones these are; and what isn't of a cgroup. */
enum lua_what {
	LUA_USAGE = 1,
	LUA_MAX,
	LUA_HIGH,
	LUA_LOW,
	LUA_MIN,
	LUA_PARENT,
	LUA_NOW = 120, /* here and below memlua.policy.kinds has the numbers, too */
	LUA_CONFIG,    /* of: the member's number */
	LUA_ROLE,      /* a for_each begins; value: the role's number */
	LUA_TURN,      /* it comes to a tenant */
	LUA_LAST,      /* it is over; value: 1: by its function's word */
	LUA_SETTING,   /* and so on: of a tenant, by the member's number */
};

#undef LUA_TENANT
#define LUA_TENANT                                                                                 \
	bool gone __doc("the cgroup was removed");                                                 \
	CGROUP_REF(cgroup);                                                                        \
	__u64 cgroup_id

#undef LUA_STATS
#define LUA_STATS                                                                                  \
	__u64 asked __doc("times that the kernel asked");                                          \
	__u64 errors __doc("calls that an error ended: answered with 0");                          \
	__u64 error_line __doc("the line in Lua of the last of them");                             \
	__u64 strangers __doc("asked for a cgroup without an entry: answered with 0");             \
	__u64 unrecorded __doc("calls that the recording has lost: its buffer was full")

/* --- one reading --- */

/* The number of readings is read anew each time: the verifier must not count them turn by turn. */
static __noinline void lua_note(struct lua_call *call, __u64 of, __u64 what, __s64 value)
{
	struct lua_record *record = call->record;
	__u16 n;

	if (!record)
		return;
	n = *(volatile __u16 *)&record->reads;
	if (n >= LUA_READS) {
		record->cut = 1;
		return;
	}
	record->read[n].of = of | what << 56;
	record->read[n].value = value;
	record->reads = n + 1;
}

#undef LUA_READ
#define LUA_READ(call, of, what, value)                                                            \
	({                                                                                         \
		__auto_type __value = (value);                                                     \
		lua_note(call, of, what, (__s64)__value);                                          \
		__value;                                                                           \
	})
#undef LUA_READ_CGROUP
#define LUA_READ_CGROUP(call, of, what, cgroup)                                                    \
	({                                                                                         \
		struct mem_cgroup *__cgroup = (cgroup);                                            \
		lua_note(call, of, what, lua_id(__cgroup));                                        \
		__cgroup;                                                                          \
	})

/* --- a call --- */

/* What a policy that has changed may want to know of the tenant and its parent, whatever this one reads. */
static __noinline void lua_base_of(struct lua_call *call, struct mem_cgroup *memcg)
{
	__u64 id = lua_id(memcg);

	lua_note(call, id, LUA_USAGE, lua_usage(memcg));
	lua_note(call, id, LUA_MAX, lua_limit(memcg, max));
	lua_note(call, id, LUA_HIGH, lua_limit(memcg, high));
	lua_note(call, id, LUA_LOW, lua_limit(memcg, low));
	lua_note(call, id, LUA_MIN, lua_limit(memcg, min));
}

static __always_inline void lua_base(struct lua_call *call, struct mem_cgroup *memcg)
{
	struct mem_cgroup *parent = lua_parent(memcg);

	lua_base_of(call, memcg);
	lua_note(call, lua_id(memcg), LUA_PARENT, lua_id(parent));
	lua_base_of(call, parent);
	if (call->record)
		call->record->base = call->record->reads;
}

#undef LUA_TOLD
#define LUA_TOLD(me, id) (me)->cgroup_id = (id)

/* `other`: a second argument, or 0. */
#undef LUA_BEGIN
#define LUA_BEGIN(call, number, me, first, other)                                                  \
	({                                                                                         \
		struct lua_record *__record =                                                      \
			bpf_ringbuf_reserve(&lua_recording, sizeof(*__record), 0);                 \
		if (__record) {                                                                    \
			__record->time = bpf_ktime_get_ns();                                       \
			__record->tenant = (me)->cgroup_id;                                        \
			__record->argument[0] = (first);                                           \
			__record->argument[1] = (other);                                           \
			__record->function = (number);                                             \
			__record->reads = 0;                                                       \
			__record->base = __record->cut = __record->ends = 0;                       \
			(call)->record = __record;                                                 \
		} else {                                                                           \
			count(&stats.unrecorded);                                                  \
		}                                                                                  \
	})
#undef LUA_BASE
#define LUA_BASE(call, memcg) lua_base(call, memcg)

/* The host looks by itself: nobody is woken. */
#undef LUA_END
#define LUA_END(call, given)                                                                       \
	({                                                                                         \
		struct lua_record *__record = (call)->record;                                      \
		if (__record) {                                                                    \
			__record->answer = (given);                                                \
			__record->failed = (call)->line != 0;                                      \
			bpf_ringbuf_submit(__record, BPF_RB_NO_WAKEUP);                            \
		}                                                                                  \
	})

/* --- for_each --- */

#undef LUA_EACH_OF
#define LUA_EACH_OF(call, role)                                                                    \
	({                                                                                         \
		lua_note(call, 0, LUA_ROLE, role);                                                 \
		if ((call)->record)                                                                \
			(call)->record->ends = 0;                                                  \
	})
#undef LUA_EACH_TENANT
#define LUA_EACH_TENANT(call, tenant) lua_note(call, (tenant)->cgroup_id, LUA_TURN, 0)
#undef LUA_EACH_ENDS
#define LUA_EACH_ENDS(call, yes)                                                                   \
	({                                                                                         \
		bool __yes = (yes);                                                                \
		if ((call)->record)                                                                \
			(call)->record->ends = __yes;                                              \
		__yes;                                                                             \
	})
#undef LUA_EACH_END
#define LUA_EACH_END(call)                                                                         \
	({                                                                                         \
		if ((call)->record)                                                                \
			lua_note(call, 0, LUA_LAST, (call)->record->ends);                         \
	})

#endif
