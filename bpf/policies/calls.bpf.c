// SPDX-License-Identifier: GPL-2.0
/*
 * calls: a session whose calls come and go, each in a cgroup of its own below the session's, as an agent's tool calls do.
 *
 *   session                 attached: has a soft limit
 *     agent                 the session's own processes are a call, too, whose hint is max
 *     call-1, call-2, ...   what one says that it needs, its hint, is its memory.low
 *
 * While the session is over its soft limit, one call is delayed: of those over their hint the one that is most over it, the
 * victim; the longer, the nearer the session is to memory.max. The others go on, and whoever is within its hint is never
 * delayed. So a call that takes more than it said leaves the others the room above the soft limit while they need it, instead
 * of having the OOM killer choose. Who waits, the parent reads from the session's counters.
 */
#include "memlua.bpf.h"

struct calls_config {
	__u32 delay_ms __doc(
		"delay of the victim's slow-path charge with the session at memory.max, none at its soft limit")
		__unit("ms");
};

struct calls_stats {
	__u64 asked __doc("charges asked about");
	__u64 strangers __doc("of these, of a cgroup that isn't known, not delayed");
};

volatile struct calls_config config = {
	.delay_ms = 500,
};

struct calls_stats stats;

struct session_tenant {
	__u64 soft __doc(
		"usage of the session above which its victim is delayed; 0: half of memory.max")
		__unit("bytes");
	__u64 online __doc("calls that have come");
	__u64 offline __doc("calls that have gone");
	__u64 spared __doc(
		"charges over the soft limit that went on: within the hint, or not the victim's");
	__u64 delayed __doc("charges of the victims that were delayed");
	__u64 victim __doc("cgroup id of the call that waits now, or 0");
	__u64 over __doc("how much the victim was over its hint when it last asked")
		__unit("bytes");
	__u64 victims __doc("times that another call became the victim");
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct session_tenant);
} session_memcg SEC(".maps");

/* The one directly below the session that memcg is, or lies in; the session itself for its own processes. */
static __always_inline struct mem_cgroup *call_of(struct mem_cgroup *memcg,
						  struct mem_cgroup *session)
{
	struct mem_cgroup *call = memcg;

	for (int level = 0; level < MAX_DEPTH && call != session; level++) {
		struct mem_cgroup *above = (struct mem_cgroup *)BPF_CORE_READ(call, css.parent);

		if (!above || above == session)
			break;
		call = above;
	}
	return call;
}

/* --- calls come and go --- */

/* The session that memcg is a call of, or NULL. */
static __always_inline struct session_tenant *session_of(struct mem_cgroup *memcg)
{
	__u64 above = BPF_CORE_READ(memcg, css.parent, cgroup, kn, id);

	return bpf_map_lookup_elem(&session_memcg, &above);
}

SEC("struct_ops/handle_cgroup_online")
void BPF_PROG(session_online, struct mem_cgroup *memcg)
{
	struct session_tenant *session = session_of(memcg);

	if (session)
		count(&session->online);
}

SEC("struct_ops/handle_cgroup_offline")
void BPF_PROG(session_offline, struct mem_cgroup *memcg)
{
	struct session_tenant *session = session_of(memcg);

	if (!session)
		return;
	count(&session->offline);
	if (session->victim == memcg_id(memcg))
		session->victim = session->over = 0;
}

/* --- the charge --- */

/* What the victim would be delayed, ms; 0: the session is below its soft limit. */
static __always_inline __u64 delay_of(const struct session_tenant *session,
				      struct mem_cgroup *memcg)
{
	__u64 usage = memcg_usage(memcg), max = bytes(BPF_CORE_READ(memcg, memory.max));
	__u64 soft = session->soft ? session->soft : max / 2;

	if (usage <= soft)
		return 0;
	if (usage >= max || soft >= max)
		return config.delay_ms;
	/* in pages, which the product has room for; rounded up */
	return (usage - soft) / PAGE_SIZE * config.delay_ms / ((max - soft) / PAGE_SIZE + 1) + 1;
}

/* Bytes by which a call is over its hint. */
static __always_inline __u64 over_hint(struct mem_cgroup *call)
{
	__u64 usage = memcg_usage(call), hint = bytes(BPF_CORE_READ(call, memory.low));

	return usage > hint ? usage - hint : 0;
}

/*
 * Whether the call, so much over its hint, is the one that waits. Of two that ask at the same moment either may win: the next
 * charge of the other puts it right.
 */
static __always_inline bool is_victim(struct session_tenant *session, __u64 id, __u64 over)
{
	if (session->victim != id) {
		if (over <= session->over)
			return false;
		session->victim = id;
		count(&session->victims);
	}
	session->over = over;
	return over;
}

SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(session_charged, struct mem_cgroup *memcg)
{
	struct mem_cgroup *charged = memcg, *call;
	struct session_tenant *session = memcg_attached(&session_memcg, &memcg);
	__u64 delay;

	count(&stats.asked);
	if (!session) {
		count(&stats.strangers);
		return 0;
	}
	delay = delay_of(session, memcg);
	if (!delay)
		return 0;
	call = call_of(charged, memcg);
	if (call == memcg || !is_victim(session, memcg_id(call), over_hint(call))) {
		count(&session->spared);
		return 0;
	}
	count(&session->delayed);
	return delay;
}

SEC(".struct_ops.link")
struct memcg_bpf_ops session = {
	.memcg_charged = (void *)session_charged,
	.handle_cgroup_online = (void *)session_online,
	.handle_cgroup_offline = (void *)session_offline,
};

POLICY("a session's calls that come and go: over its soft limit the one that is most over its own hint waits");
