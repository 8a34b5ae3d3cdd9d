/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Behind the C of a random policy: DRIVE(role, callback) is a function that takes all inputs from a record, calls the
 * callback, and puts all outputs there. tests/lib/differential.lua knows the record's layout.
 */
struct run {
	__s64 program, answer, argument, now, me;
	__s64 config[4];     /* bias, eager, mood, scale */
	__s64 stats[4];      /* calls, sum, errors, error_line */
	__s64 state[2];      /* last, seen */
	__s64 tenants[3][6]; /* soft, claim, active, total, since, gone */
	__s64 cgroups[9][10];
};

static __always_inline void take(struct run *run)
{
	config.bias = run->config[0];
	config.eager = run->config[1];
	config.mood = run->config[2];
	config.scale = run->config[3];
	stats.calls = run->stats[0];
	stats.sum = run->stats[1];
	stats.errors = run->stats[2];
	stats.error_line = run->stats[3];
	state.last = run->state[0];
	state.seen = run->state[1];
	test_now = run->now;
	test_me = run->me;
#pragma GCC unroll 9
	for (int i = 0; i < 9; i++) {
		cgroups[i].usage = run->cgroups[i][0];
		cgroups[i].max = run->cgroups[i][1];
		cgroups[i].high = run->cgroups[i][2];
		cgroups[i].low = run->cgroups[i][3];
		cgroups[i].min = run->cgroups[i][4];
		cgroups[i].events[0] = run->cgroups[i][5];
		cgroups[i].events[1] = run->cgroups[i][6];
		cgroups[i].events[2] = run->cgroups[i][7];
		cgroups[i].events[3] = run->cgroups[i][8];
		cgroups[i].events[4] = run->cgroups[i][9];
	}
}

static __always_inline void give(struct run *run)
{
	run->stats[0] = stats.calls;
	run->stats[1] = stats.sum;
	run->stats[2] = stats.errors;
	run->stats[3] = stats.error_line;
	run->state[0] = state.last;
	run->state[1] = state.seen;
}

#define TAKE_TENANT(role, i)                                                                       \
	({                                                                                         \
		struct role##_tenant *t = test_entry(role, i);                                     \
		if (!t)                                                                            \
			return 1;                                                                  \
		t->soft = run->tenants[i][0];                                                      \
		t->claim = run->tenants[i][1];                                                     \
		t->active = run->tenants[i][2];                                                    \
		t->total = run->tenants[i][3];                                                     \
		t->since = run->tenants[i][4];                                                     \
		t->gone = run->tenants[i][5];                                                      \
		t->cgroup = i;                                                                     \
	})

#define GIVE_TENANT(role, i)                                                                       \
	({                                                                                         \
		struct role##_tenant *t = test_entry(role, i);                                     \
		if (!t)                                                                            \
			return 1;                                                                  \
		run->tenants[i][2] = t->active;                                                    \
		run->tenants[i][3] = t->total;                                                     \
		run->tenants[i][4] = t->since;                                                     \
	})

#define DRIVE(role, callback)                                                                      \
	ENTRY int drive_##role##_##callback(struct run *run)                                       \
	{                                                                                          \
		__u64 arguments[3] = {0, run->argument, 0};                                        \
                                                                                                   \
		take(run);                                                                         \
		TAKE_TENANT(role, 0);                                                              \
		TAKE_TENANT(role, 1);                                                              \
		TAKE_TENANT(role, 2);                                                              \
		run->answer = role##_##callback(arguments, lua_memcg(test_me));                    \
		give(run);                                                                         \
		GIVE_TENANT(role, 0);                                                              \
		GIVE_TENANT(role, 1);                                                              \
		GIVE_TENANT(role, 2);                                                              \
		return 0;                                                                          \
	}
