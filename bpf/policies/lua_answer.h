/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The run of a callback that was written in Lua, and what becomes of its answer: a call that an error ended, or that
 * answers a negative number, answers 0 and is counted in stats. Needs __s64, __u32, count() and stats.
 */
#ifndef LUA_ANSWER_H
#define LUA_ANSWER_H

struct memlua_join;
struct lua_record;
struct cgroup;

/* The run of a callback. */
struct lua_call {
	__u32 line;                /* of the error in Lua that ended it; 0: none */
	struct memlua_join *join;  /* of a join only */
	struct lua_record *record; /* where it is recorded, see lua_record.h */
	struct cgroup *mine;       /* the asking tenant's, where memcg.stat is read; */
	struct cgroup *other;      /* and that of the tenant that a for_each has come to */
};

/* Without a recording what is read is read, and nothing else. lua_record.h has others in their place. */
#define LUA_READ(call, of, what, value) (value)
#define LUA_READ_CGROUP(call, of, what, cgroup) (cgroup)
#define LUA_TOLD(me, id)
#define LUA_BEGIN(call, number, me, first, other)
#define LUA_BASE(call, memcg)
#define LUA_END(call, answer)
#define LUA_EACH_OF(call, role)
#define LUA_EACH_TENANT(call, tenant)
#define LUA_EACH_ENDS(call, yes) (yes)
#define LUA_EACH_END(call)

#define lua_count_error(at)                                                                        \
	({                                                                                         \
		count(&stats.errors);                                                              \
		stats.error_line = (at);                                                           \
	})

/* ms; `at` is the line of the function */
#define lua_delay(call, answer, at)                                                                \
	({                                                                                         \
		__s64 __ms = (answer);                                                             \
		if ((call)->line || __ms < 0) {                                                    \
			lua_count_error((call)->line ? (call)->line : (at));                       \
			__ms = 0;                                                                  \
		}                                                                                  \
		(unsigned int)lua_min(__ms, MEMCG_BPF_MAX_DELAY_MS);                               \
	})

#define lua_verdict(call, answer)                                                                  \
	({                                                                                         \
		bool __yes = (answer);                                                             \
		if ((call)->line) {                                                                \
			lua_count_error((call)->line);                                             \
			__yes = false;                                                             \
		}                                                                                  \
		__yes;                                                                             \
	})

#define lua_done(call)                                                                             \
	({                                                                                         \
		if ((call)->line)                                                                  \
			lua_count_error((call)->line);                                             \
	})

#endif
