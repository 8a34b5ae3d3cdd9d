// SPDX-License-Identifier: GPL-2.0
/*
 * async: background reclaim. When a tenant's usage exceeds `start`, a worker of the kernel's reclaims from it until its usage
 * is down to `stop`, and the charging tasks go on meanwhile, instead of reclaiming themselves at memory.max or sleeping at
 * memory.high: what a file "memory.high_async" would do. For page cache and, with may_swap, anonymous memory; what can't be
 * reclaimed is left to the kernel's limits.
 *
 * That is the trigger `usage`. By `pressure` or `faults` it starts as well once the tenant stalls for memory or faults that much, whatever
 * its usage, and goes until it does so less, or its usage is down to `stop`. Both are what the kernel has counted last, up to 2 s ago.
 *
 * Who pays: the worker is a kworker, whose CPU time no tenant is charged for. What it does for a tenant is counted as the
 * tenant's (work_ns), so that it can be told.
 *
 * Takes bpf_try_to_free_mem_cgroup_pages() (RFC v7, memlua's module) and the memcg functions of Linux 7.0 (that, or the
 * module).
 */
#include "memlua.bpf.h"

/* include/linux/gfp_types.h: may reclaim, wake kswapd, do I/O, call file systems; so since Linux 5.0 */
#define GFP_KERNEL 0xcc0
/* include/linux/swap.h */
#define MEMCG_RECLAIM_MAY_SWAP (1 << 1)
#define MEMCG_RECLAIM_PROACTIVE (1 << 2)
#define OWN_SWAPPINESS -1
/* How long one run of the worker is, in batches; then it queues itself again, behind the others' work. */
#define BATCHES 16

enum async_trigger {
	usage,
	pressure,
	faults,
};

struct async_config {
	enum async_trigger trigger __doc("what starts reclaim beside a usage above start");
	__u32 start_pressure __doc(
		"pressure: percent of the time since the last look, 2 s ago or more, in which the tenant stalled for memory (memory.pressure, some), from which on it starts");
	__u32 stop_pressure __doc("pressure: percent, below which it ends");
	__u64 start_faults __doc("faults: page faults per second, from which on it starts");
	__u64 stop_faults __doc("faults: page faults per second, below which it ends");
	__u32 start_percent __doc(
		"usage, in percent of memory.max, above which reclaim starts, for tenants that say none");
	__u32 stop_percent __doc("usage, in percent of memory.max, down to which it goes");
	__u64 batch __doc("reclaimed between two looks at the usage") __unit("bytes");
	bool may_swap __doc("reclaim anonymous memory, too, as the tenant's swap allows");
};

struct async_stats {
	__u64 calls __doc("tenants asked");
	__u64 started __doc("background reclaims started");
	__u64 triggered __doc("of these, by the trigger, with the usage below start");
	__u64 reclaimed __doc("memory reclaimed") __unit("bytes");
	__u64 fruitless __doc("reclaims that ended because nothing more could be had");
	__u64 work_ns __doc("time that the workers took, ns");
};

volatile struct async_config config = {
	.start_pressure = 10,
	.stop_pressure = 5,
	.start_faults = 10000,
	.stop_faults = 1000,
	.start_percent = 80,
	.stop_percent = 60,
	.batch = 1 << 20,
};

struct async_stats stats;

struct tenant {
	__u64 start __doc("usage above which reclaim starts; 0: start_percent of memory.max")
		__unit("bytes");
	__u64 stop __doc("usage down to which it goes; 0: stop_percent of memory.max")
		__unit("bytes");
	__u64 started __doc("background reclaims started");
	__u64 reclaimed __doc("memory reclaimed") __unit("bytes");
	__u64 work_ns __doc("time that the workers took for this tenant, ns");
	__u64 running;   /* a worker is queued or at work */
	bool by_trigger; /* what has started it, or would */
	__u64 counted;   /* faults, or ms stalled, when last looked, and when that was, ms */
	__u64 looked;
	__u64 rate __doc(
		"page faults, or ms stalled for memory, per second when last looked (triggers faults, pressure)");
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct tenant);
} tenant_memcg SEC(".maps");

/* Beside the tenants' entries, which the host writes whole. */
struct job {
	struct bpf_wq work;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct job);
} jobs SEC(".maps");

static __always_inline __u64 percent_of_max(struct mem_cgroup *memcg, __u32 percent)
{
	return bytes(BPF_CORE_READ(memcg, memory.max)) / 100 * percent;
}

/* --- the trigger --- */

static __always_inline __u64 counted_faults(__u64 id)
{
	__u32 item = bpf_core_enum_value(enum vm_event_item, PGFAULT);
	struct cgroup *cgroup = bpf_cgroup_from_id(id);
	struct mem_cgroup *memcg;
	__u64 faults = 0;

	if (!cgroup)
		return 0;
	memcg = bpf_get_mem_cgroup(&cgroup->self);
	if (memcg) {
		faults = bpf_mem_cgroup_vm_events(memcg, item);
		bpf_put_mem_cgroup(memcg);
	}
	bpf_cgroup_release(cgroup);
	return faults;
}

/* Page faults, or ms stalled, per second; of two that look at the same moment either may win. */
static __always_inline __u64 rate_of(struct tenant *tenant, struct mem_cgroup *memcg)
{
	__u64 now = bpf_ktime_get_ns() / NSEC_PER_MSEC, since = now - tenant->looked, seen;

	if (since < COUNTED_MS)
		return tenant->rate;
	seen = config.trigger == faults ? counted_faults(memcg_id(memcg)) : memcg_stalled(memcg);
	tenant->rate = tenant->looked && seen > tenant->counted ?
			       (seen - tenant->counted) * 1000 / since :
			       0;
	tenant->counted = seen;
	tenant->looked = now;
	return tenant->rate;
}

static __always_inline __u64 stop_of(const struct tenant *tenant, struct mem_cgroup *memcg)
{
	return tenant->stop ? tenant->stop : percent_of_max(memcg, config.stop_percent);
}

/* Whether the tenant is in trouble enough: to start, or, once it has, to go on. */
static __always_inline bool is_triggered(struct tenant *tenant, struct mem_cgroup *memcg,
					 bool going)
{
	switch (config.trigger) {
	case pressure:
		return rate_of(tenant, memcg) >=
		       10ULL * (going ? config.stop_pressure : config.start_pressure);
	case faults:
		return rate_of(tenant, memcg) >= (going ? config.stop_faults : config.start_faults);
	default:
		return false;
	}
}

static __always_inline bool goes_on(struct tenant *tenant, struct mem_cgroup *memcg)
{
	return !tenant->by_trigger || is_triggered(tenant, memcg, true);
}

/* Whether a charge is to start it; what is down to `stop` already needs none. */
static __always_inline bool is_due(struct tenant *tenant, struct mem_cgroup *memcg)
{
	__u64 start = tenant->start ? tenant->start : percent_of_max(memcg, config.start_percent);
	__u64 used = memcg_usage(memcg);

	if (tenant->running)
		return false;
	tenant->by_trigger = used <= start;
	return !tenant->by_trigger ||
	       (used > stop_of(tenant, memcg) && is_triggered(tenant, memcg, false));
}

/* --- the worker --- */

struct run {
	struct mem_cgroup *memcg;
	__u64 stop;
	__u64 reclaimed;
	bool fruitless;
};

static __always_inline bool reclaim_batch(struct mem_cgroup *memcg, struct run *run)
{
	__u32 options = MEMCG_RECLAIM_PROACTIVE | (config.may_swap ? MEMCG_RECLAIM_MAY_SWAP : 0);
	unsigned long pages;

	if (bpf_mem_cgroup_usage(memcg) <= run->stop)
		return false;
	pages = bpf_try_to_free_mem_cgroup_pages(memcg, config.batch / PAGE_SIZE, GFP_KERNEL,
						 options, OWN_SWAPPINESS);
	run->fruitless = !pages || (long)pages < 0;
	if (!run->fruitless)
		run->reclaimed += pages * PAGE_SIZE;
	return !run->fruitless;
}

/* Returns whether there is more to do. */
static __always_inline bool reclaim(__u64 id, struct tenant *tenant, struct run *run)
{
	struct cgroup *cgroup = bpf_cgroup_from_id(id);
	struct mem_cgroup *memcg;
	bool more = false;

	if (!cgroup)
		return false;
	memcg = bpf_get_mem_cgroup(&cgroup->self);
	if (memcg) {
		run->stop = stop_of(tenant, memcg);
		for (int i = 0; i < BATCHES && goes_on(tenant, memcg); i++) {
			more = reclaim_batch(memcg, run);
			if (!more)
				break;
		}
		bpf_put_mem_cgroup(memcg);
	}
	bpf_cgroup_release(cgroup);
	return more;
}

static int work(void *map, int *key, void *value)
{
	struct job *job = value;
	__u64 begin = bpf_ktime_get_ns(), id = *(__u64 *)key, took;
	struct tenant *tenant = bpf_map_lookup_elem(&tenant_memcg, &id);
	struct run run = {};
	bool more;

	if (!tenant)
		return 0;
	more = reclaim(id, tenant, &run);
	took = bpf_ktime_get_ns() - begin;
	__sync_fetch_and_add(&stats.work_ns, took);
	__sync_fetch_and_add(&stats.reclaimed, run.reclaimed);
	if (run.fruitless)
		count(&stats.fruitless);
	__sync_fetch_and_add(&tenant->work_ns, took);
	__sync_fetch_and_add(&tenant->reclaimed, run.reclaimed);
	if (!more)
		tenant->running = 0;
	else if (bpf_wq_start(&job->work, 0))
		tenant->running = 0;
	return 0;
}

/* --- the charge --- */

SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(tenant_charged, struct mem_cgroup *memcg)
{
	struct tenant *tenant = memcg_attached(&tenant_memcg, &memcg);
	struct job *job;
	__u64 id;

	count(&stats.calls);
	if (!tenant || !is_due(tenant, memcg) ||
	    __sync_val_compare_and_swap(&tenant->running, 0, 1))
		return 0;
	id = memcg_id(memcg);
	job = bpf_map_lookup_elem(&jobs, &id);
	if (!job || bpf_wq_start(&job->work, 0)) {
		tenant->running = 0;
		return 0;
	}
	count(&stats.started);
	if (tenant->by_trigger)
		count(&stats.triggered);
	count(&tenant->started);
	return 0;
}

SEC("syscall")
int tenant_join(struct memlua_join *ctx)
{
	__u64 id = ctx->cgroup_id;
	struct tenant *tenant = bpf_map_lookup_elem(&tenant_memcg, &id);
	struct job *job, none = {};
	int err;

	if (!tenant)
		return -ENOENT;
	if (config.stop_percent > config.start_percent || config.start_percent > 100)
		return refuse(
			ctx, -EINVAL,
			"stop_percent %u, start_percent %u: the first is below the second, which is at most 100",
			config.stop_percent, config.start_percent);
	if (tenant->start && tenant->stop > tenant->start)
		return refuse(ctx, -EINVAL, "stop: %lluK is above start, %lluK", tenant->stop >> 10,
			      tenant->start >> 10);
	if (config.stop_pressure > config.start_pressure ||
	    config.stop_faults > config.start_faults)
		return refuse(ctx, -EINVAL,
			      "stop_pressure, stop_faults: at most start_pressure, start_faults");
	if (config.trigger == pressure && !has_pressure(id))
		return refuse(ctx, -EOPNOTSUPP, NO_PRESSURE);
	if (config.batch < PAGE_SIZE)
		return refuse(ctx, -EINVAL, "batch: %llu is less than a page", config.batch);
	job = bpf_map_lookup_elem(&jobs, &id);
	if (job) /* joins again, with new settings */
		return 0;
	bpf_map_update_elem(&jobs, &id, &none, BPF_NOEXIST);
	job = bpf_map_lookup_elem(&jobs, &id);
	if (!job)
		return refuse(ctx, -ENOSPC, "no room for another tenant");
	err = bpf_wq_init(&job->work, &jobs, 0);
	if (!err)
		err = set_wq_callback(&job->work, work);
	return err ? refuse(ctx, err, "the kernel gave no worker (bpf_wq): error %d", err) : 0;
}

SEC(".struct_ops.link")
struct memcg_bpf_ops tenant = {
	.memcg_charged = (void *)tenant_charged,
};

POLICY("background reclaim: above a threshold a kernel worker reclaims from the tenant, which goes on meanwhile");
