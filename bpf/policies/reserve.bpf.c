// SPDX-License-Identifier: GPL-2.0
/*
 * reserve: rank reservation. Tenants below one parent are ranked and each declares a claim, the most memory
 * it will ever need. A tenant charges only while
 *
 *	room = limit - usage(parent) - sum over better-ranked tenants of max(0, claim - usage)  >  margin
 *
 * or what it may still claim itself fits into the room, so that it needs none of the margin: what a better-ranked
 * one claims isn't in the room, and a worse-ranked one counts this claim. It is held otherwise: its charging task
 * sleeps poll_ms, asks again, and so on until there is room (or until it is killed). If every claim fits the limit alone, nobody is OOM-killed and the best-ranked tenant
 * never waits: worse-ranked ones always leave room for what it may still claim. When a tenant has ended,
 * drop it: its claim is dropped and the next one is the best-ranked. A removed cgroup drops its own.
 *
 * margin = slack + batch x tenants, because an answer is older than the charge that it allows:
 *   - A task is asked once per slow-path charge, which takes 64 pages (MEMCG_CHARGE_BATCH) of which it then
 *     lives without being asked. All tenants may be told "go" at the same instant; each then charges at most
 *     one batch past the check. With transparent huge pages that batch is 2M: set `batch` accordingly.
 *     A system call is asked when it returns to user mode, whatever it has charged: read() and write() of 1M
 *     make the batch 1M; MAP_POPULATE and mlock() of a region need a slack of the region's size.
 *   - The page counters are raised from the child up, so for some nanoseconds the child's usage holds what
 *     the parent's does not yet. Claims are therefore read first and the parent last: what is charged in
 *     between counts twice, never not at all; the rest is a batch per CPU at most.
 *   - slack is for what is charged without being asked: kernel memory of tasks in kernel mode, the parent's
 *     own. Usage includes pages parked in per-CPU stocks; the kernel drains those before it kills.
 *
 * A claim counts everything charged to the cgroup: page tables (2M per 1G touched), kernel stacks, page
 * cache, up to 64 pages of stock per CPU. A claim of the bare working set is too small (256M of anonymous
 * memory peak at 256.7M): add about 1 % and 2M. Beyond its claim a tenant has no reservation and competes
 * like the worst-ranked; the best-ranked is never held, so its excess is taken from the others (statistics:
 * over_claim).
 *
 * Most questions are answered without asking after each tenant: the best-ranked one has nobody before it, and while the parent's usage
 * and all claims together leave the margin, so does what is owed, which is no more than the claims. Both stand in `totals`, which is
 * counted anew when a tenant joins or goes, and every TOTALS_MS, as the host drops tenants without a word.
 *
 * Page cache is usage, too. Tenants that fill the parent with it are held in rank order although it could be
 * reclaimed: they finish, one after the other. This policy is meant for memory that can't be reclaimed.
 *
 * A kernel whose own memcg_bpf_ops has no hold (RFC v6 and v7) is refused: there a held task would go on after 2 s,
 * charge by charge, into what is promised to others.
 */
#include "memlua.bpf.h"

#define TOTALS_MS 100

/* The kernel's PAGE_COUNTER_MAX is some TB below 2^63 bytes. */
#define UNLIMITED (1ULL << 62)

struct reserve_config {
	__u64 limit __doc("memory shared by the tenants; 0: the parent's memory.max")
		__unit("bytes");
	__u64 slack __doc("always left free: charges made without being asked") __unit("bytes");
	__u64 batch __doc("left free per tenant: what it may charge between two asks")
		__unit("bytes");
	__u32 poll_ms __doc("a held task asks again after this long (over 10)") __unit("ms");
};

struct reserve_stats {
	__u64 delay_calls __doc("tenants asked");
	__u64 delay_active __doc("of these, held");
	__u64 over_claim __doc("asked while over their own claim: the claim is too small");
	__u64 strangers __doc("asked for a cgroup without an entry: not held");
};

volatile struct reserve_config config = {
	.slack = 4 << 20,
	.batch = 64 * PAGE_SIZE,
	.poll_ms = 20,
};

struct reserve_stats stats;

struct tenant {
	__u32 rank __doc("1 is the best; no two alike");
	bool gone __doc("the cgroup was removed: no claim any more");
	__u64 claim __doc("the most it will ever need, kernel memory included") __unit("bytes");
	__u64 calls __doc("asked");
	__u64 active __doc("of these, held");
	__u64 over_claim __doc("asked while over its claim");
	CGROUP_REF(cgroup);
};

/* The host sizes this to the number of tenants. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct tenant);
} tenant_memcg SEC(".maps");

struct survey {
	__u32 rank;
	__u32 tenants;
	__u32 better;
	bool same_rank;
	__u64 owed; /* bytes that better-ranked tenants may still claim */
	__u64 self;
};

static __always_inline __u64 less(__u64 a, __u64 b)
{
	return a > b ? a - b : 0;
}

/* --- all tenants together --- */

struct totals {
	__u64 generation; /* of the tenants that it knows; 0: none yet */
	__u64 counted;    /* when, ns */
	__u64 claims;
	__u32 tenants;
	__u32 best; /* the rank of the best of them */
};

static struct totals totals;
static __u64 generation = 1; /* raised by each tenant that comes or goes */
static __u64 counting;       /* one at a time; who comes meanwhile asks after each tenant */

/* What is read behind it is as new as it is, what is written before it is there: atomics of BPF that return are barriers. */
#define ordered(number) __sync_fetch_and_add(&(number), 0)

static long add_tenant(void *map, __u64 *id, struct tenant *tenant, struct totals *sum)
{
	if (tenant->gone)
		return 0;
	sum->tenants++;
	sum->claims += tenant->claim;
	if (tenant->rank < sum->best)
		sum->best = tenant->rank;
	return 0;
}

static __always_inline bool totals_are_known(void)
{
	struct totals sum = {
		.generation = ordered(generation), .counted = bpf_ktime_get_ns(), .best = ~0U};

	if (ordered(totals.generation) == sum.generation &&
	    sum.counted - totals.counted < TOTALS_MS * NSEC_PER_MSEC)
		return true;
	if (__sync_lock_test_and_set(&counting, 1))
		return false;
	__sync_lock_test_and_set(&totals.generation, 0);
	bpf_for_each_map_elem(&tenant_memcg, add_tenant, &sum, 0);
	totals.counted = sum.counted;
	totals.claims = sum.claims;
	totals.tenants = sum.tenants;
	totals.best = sum.best;
	__sync_lock_test_and_set(&totals.generation, sum.generation);
	__sync_lock_test_and_set(&counting, 0);
	return ordered(generation) == sum.generation;
}

static long survey_tenant(void *map, __u64 *id, struct tenant *tenant, struct survey *survey)
{
	struct cgroup *cgroup = tenant->cgroup;

	if (tenant->gone)
		return 0;
	survey->tenants++;
	if (tenant->rank == survey->rank && *id != survey->self)
		survey->same_rank = true;
	if (tenant->rank >= survey->rank)
		return 0;
	survey->better++;
	survey->owed += less(tenant->claim, cgroup ? cgroup_usage(cgroup) : 0);
	return 0;
}

static __always_inline __u64 margin(__u32 tenants)
{
	return config.slack + config.batch * tenants;
}

static __always_inline __u64 limit_of(struct page_counter *parent)
{
	__u64 max = bytes(BPF_CORE_READ(parent, max));

	return config.limit && config.limit < max ? config.limit : max;
}

/* memcg: the attached cgroup, wherever below it its processes are. */
static __always_inline bool has_room(struct mem_cgroup *memcg, struct tenant *tenant)
{
	struct survey survey = {.rank = tenant->rank};
	struct page_counter *parent = BPF_CORE_READ(memcg, memory.parent);
	__u64 taken, room, rest;

	if (!parent)
		return true;
	if (totals_are_known()) {
		if (tenant->rank <= totals.best)
			return true;
		taken = bytes(BPF_CORE_READ(parent, usage.counter)) + totals.claims;
		if (less(limit_of(parent), taken) > margin(totals.tenants))
			return true;
	}
	bpf_for_each_map_elem(&tenant_memcg, survey_tenant, &survey, 0);
	if (!survey.better)
		return true;
	/* After the claims, not before: see above. */
	taken = bytes(BPF_CORE_READ(parent, usage.counter)) + survey.owed;
	room = less(limit_of(parent), taken);
	rest = less(tenant->claim,
		    memcg_usage(memcg)); /* 0 beyond its claim, where nothing is promised */
	return room > margin(survey.tenants) || (rest && rest < room);
}

SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(tenant_charged, struct mem_cgroup *memcg)
{
	struct tenant *tenant = memcg_attached(&tenant_memcg, &memcg);

	count(&stats.delay_calls);
	if (!tenant) {
		count(&stats.strangers);
		return 0;
	}
	count(&tenant->calls);
	if (memcg_usage(memcg) > tenant->claim) {
		count(&tenant->over_claim);
		count(&stats.over_claim);
	}
	if (has_room(memcg, tenant))
		return 0;
	count(&tenant->active);
	count(&stats.delay_active);
	return config.poll_ms;
}

SEC("struct_ops/handle_cgroup_offline")
void BPF_PROG(tenant_offline, struct mem_cgroup *memcg)
{
	__u64 id = memcg->css.cgroup->kn->id;
	struct tenant *tenant = bpf_map_lookup_elem(&tenant_memcg, &id);

	if (!tenant)
		return;
	tenant->gone = true;
	count(&generation);
}

/* What can be known to fail is refused before it starts. */
SEC("syscall")
int tenant_join(struct memlua_join *ctx)
{
	__u64 limit, reserve, id = ctx->cgroup_id;
	struct tenant *tenant = bpf_map_lookup_elem(&tenant_memcg, &id);
	struct survey survey = {.self = id};
	struct page_counter *parent;
	struct mem_cgroup *memcg;
	struct cgroup *cgroup;

	if (!tenant)
		return -ENOENT;
	count(&generation);
	if (!tenant->rank)
		return refuse(ctx, -EINVAL, "rank: missing; 1 is the best-ranked");
	if (!tenant->claim)
		return refuse(ctx, -EINVAL, "claim: missing; the most memory it will need");
	survey.rank = tenant->rank;
	bpf_for_each_map_elem(&tenant_memcg, survey_tenant, &survey, 0);
	if (survey.same_rank)
		return refuse(ctx, -EEXIST, "rank: %u is taken by another tenant", tenant->rank);

	cgroup = bpf_cgroup_from_id(id);
	if (!cgroup)
		return -ENOENT;
	memcg = cgroup_memcg(cgroup);
	parent = BPF_CORE_READ(memcg, memory.parent);
	limit = limit_of(parent);
	reserve = margin(survey.tenants);
	bpf_cgroup_release(cgroup);
	if (limit >= UNLIMITED)
		return refuse(ctx, -EINVAL, "limit: 0, and the parent has no memory.max");
	if (tenant->claim > less(limit, reserve))
		return refuse(ctx, -ENOSPC,
			      "claim: %lluK and a margin of %lluK exceed the limit of %lluK",
			      tenant->claim >> 10, reserve >> 10, limit >> 10);
	return adopt_cgroup(&tenant->cgroup, id);
}

SEC(".struct_ops.link")
struct memcg_bpf_ops tenant = {
	.memcg_charged = (void *)tenant_charged,
	.handle_cgroup_offline = (void *)tenant_offline,
	.flags = MEMCG_BPF_HOLD,
};

POLICY("ranked tenants with claims: each is held while a better-ranked one may need the room");
