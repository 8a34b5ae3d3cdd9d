// SPDX-License-Identifier: GPL-2.0
/*
 * priority: HIGH tenants are protected from reclaim, LOW tenants are delayed while HIGH is active.
 *
 * Roles:
 *   high   below_low (and below_min by choice) answer true: reclaim passes over these cgroups whatever
 *          their usage, as long as there is anything else to take; with only_active only while HIGH is
 *          active, so that one that idles is no different from the others.
 *   low    memcg_charged answers delay_ms while a HIGH tenant is active: every slow-path charge (64
 *          pages) of a LOW sleeps that long. The kernel clamps an answer to 2 s and ignores one of 10 ms
 *          or less.
 *
 * HIGH is active, by `trigger`:
 *   always   as long as one HIGH tenant is attached. Dropping the last one sets the LOWs free.
 *   faults   for one window after HIGH's page faults exceeded `threshold` within a window; a threshold of
 *            0 means always. Counting costs a program run per memcg event of the whole machine.
 *   growth   for one window after HIGH's usage grew by more than `growth` bytes within a window. Read from
 *            the page counter when a LOW is asked: costs HIGH nothing. Between two LOWs' asks further
 *            apart than a window, that distance is the window.
 *   refaults the same of pages that it has lost and read again, beyond `refaults`: it lacks what it works with.
 *   pressure the same of the time in which it stalled for memory, beyond `pressure` percent of the window.
 *            Both are what the kernel counts every 2 s: a shorter window is as long.
 */
#include "memlua.bpf.h"

/* The trigger refaults alone takes them: by a flavour of its name memlua lets a kernel lack a function. */
extern typeof(bpf_get_mem_cgroup) bpf_get_mem_cgroup___refaults __ksym __weak;
extern typeof(bpf_put_mem_cgroup) bpf_put_mem_cgroup___refaults __ksym __weak;
extern typeof(bpf_mem_cgroup_page_state) bpf_mem_cgroup_page_state___refaults __ksym __weak;

enum priority_trigger {
	always,
	faults,
	growth,
	refaults, /* from here on what the kernel counts every COUNTED_MS */
	pressure,
};

struct priority_config {
	enum priority_trigger trigger __doc("when HIGH counts as active");
	__u32 delay_ms __doc("delay of a LOW's slow-path charge, clamped by the kernel to 2000")
		__unit("ms");
	__u32 window_ms __doc("window of the trigger, and how long it holds") __unit("ms");
	__u64 threshold
		__doc("faults: page faults of HIGH per window above which it is active; 0: always");
	__u64 growth __doc("growth: growth of HIGH per window above which it is active")
		__unit("bytes");
	__u64 refaults
		__doc("refaults: pages that HIGH reads again per window above which it is active");
	__u32 pressure __doc(
		"pressure: percent of the window in which HIGH stalls for memory above which it is active");
	bool use_below_low __doc("answer below_low for HIGH");
	bool use_below_min __doc("answer below_min for HIGH");
	bool only_active __doc("answer below_low and below_min only while HIGH is active");
	bool graded __doc("delay grows from 0 to delay_ms as the parent's headroom shrinks");
	__u64 headroom_max __doc("graded: headroom from which on there is no delay")
		__unit("bytes");
	bool only_over_high __doc("delay a LOW only while it is over its own memory.high");
};

struct priority_stats {
	__u64 below_low_calls __doc("HIGH weighed by reclaim against memory.low");
	__u64 below_low_active __doc("of these, answered: protected");
	__u64 below_min_calls __doc("HIGH weighed by reclaim against memory.min");
	__u64 below_min_active __doc("of these, answered: protected");
	__u64 delay_calls __doc("LOW asked for its delay");
	__u64 delay_active __doc("of these, delayed");
	__u64 delay_ms __doc("sum of the delays answered") __unit("ms");
	__u64 faults __doc("page faults of HIGH seen (trigger faults)");
	__u64 triggered __doc("times a window of activity was opened or prolonged");
};

volatile struct priority_config config = {
	.trigger = faults,
	.delay_ms = 2000,
	.window_ms = 1000,
	.growth = 1 << 20,
	.refaults = 256,
	.pressure = 10,
	.use_below_low = true,
	.headroom_max = 64 << 20,
};

struct priority_stats stats;

struct high_tenant {
	__u64 faults __doc("page faults seen (trigger faults)");
	__u64 below_low __doc("times protected by below_low");
	__u64 below_min __doc("times protected by below_min");
	bool gone __doc("the cgroup was removed");
	__u64 window_start; /* ns, of the window that is counted now */
	__u64 window_faults;
	__u64 window_count; /* what the trigger counts, at the window's start */
	CGROUP_REF(cgroup);
};

struct low_tenant {
	__u64 calls __doc("asked for its delay");
	__u64 active __doc("of these, delayed");
	__u64 delay_ms __doc("sum of the delays answered") __unit("ms");
};

/* The host sizes these to the number of tenants. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct high_tenant);
} high_memcg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct low_tenant);
} low_memcg SEC(".maps");

/* ns; written by whichever CPU sees the trigger last: a lost race shortens a window by nanoseconds. */
static volatile __u64 active_until;

static __always_inline __u64 window_ms(void)
{
	__u32 ms = config.window_ms;

	return config.trigger >= refaults && ms < COUNTED_MS ? COUNTED_MS : ms;
}

static __always_inline __u64 window_ns(void)
{
	return window_ms() * NSEC_PER_MSEC;
}

static __always_inline void activate(__u64 now)
{
	active_until = now + window_ns();
	count(&stats.triggered);
}

/* --- HIGH: activity --- */

/* The attached cgroup itself went away (a child of it has no entry): it can't be active any more. */
SEC("struct_ops/handle_cgroup_offline")
void BPF_PROG(high_offline, struct mem_cgroup *memcg)
{
	__u64 id = memcg->css.cgroup->kn->id;
	struct high_tenant *high = bpf_map_lookup_elem(&high_memcg, &id);

	if (high)
		high->gone = true;
}

static __always_inline void count_faults(struct mem_cgroup *memcg, int item, __u64 events)
{
	struct high_tenant *high;
	__u64 now;

	if (item != (int)bpf_core_enum_value(enum vm_event_item, PGFAULT))
		return;
	high = memcg_lookup(&high_memcg, memcg);
	if (!high)
		return;
	__sync_fetch_and_add(&stats.faults, events);
	__sync_fetch_and_add(&high->faults, events);

	now = bpf_ktime_get_ns();
	if (now - high->window_start >= window_ns()) {
		high->window_start = now;
		high->window_faults = 0;
	}
	__sync_fetch_and_add(&high->window_faults, events);
	if (high->window_faults > config.threshold)
		activate(now);
}

/* Kernels with the memcg tracepoint (6.14 or so) ... */
SEC("?tp_btf/count_memcg_events")
__one_of("faults")
__when("trigger=faults")
__when("threshold")
int BPF_PROG(faults_tracepoint, struct mem_cgroup *memcg, int item, unsigned long events)
{
	count_faults(memcg, item, events);
	return 0;
}

/* ... and those before it. */
SEC("?fentry/__count_memcg_events")
__one_of("faults")
__when("trigger=faults")
__when("threshold")
int BPF_PROG(faults_fentry, struct mem_cgroup *memcg, int item, unsigned long events)
{
	count_faults(memcg, item, events);
	return 0;
}

struct look {
	__u64 now;
	bool present;
	bool rose;
};

static long look_present(void *map, __u64 *id, struct high_tenant *high, struct look *look)
{
	if (high->gone)
		return 0;
	look->present = true;
	return 1; /* enough */
}

static __always_inline bool knows_refaults(void)
{
	return bpf_ksym_exists(bpf_get_mem_cgroup___refaults) &&
	       bpf_ksym_exists(bpf_put_mem_cgroup___refaults) &&
	       bpf_ksym_exists(bpf_mem_cgroup_page_state___refaults);
}

static __always_inline __u64 refaults_of(struct cgroup *cgroup)
{
	__u32 anon = bpf_core_enum_value(enum node_stat_item, WORKINGSET_REFAULT_ANON);
	__u32 file = bpf_core_enum_value(enum node_stat_item, WORKINGSET_REFAULT_FILE);
	struct mem_cgroup *memcg;
	__u64 pages;

	if (!knows_refaults())
		return 0;
	memcg = bpf_get_mem_cgroup___refaults(&cgroup->self);
	if (!memcg)
		return 0;
	pages = bpf_mem_cgroup_page_state___refaults(memcg, anon) +
		bpf_mem_cgroup_page_state___refaults(memcg, file);
	bpf_put_mem_cgroup___refaults(memcg);
	return pages;
}

/* What the trigger counts: bytes, pages, ms. */
static __always_inline __u64 counted(struct cgroup *cgroup)
{
	if (config.trigger == refaults)
		return refaults_of(cgroup);
	if (config.trigger == pressure)
		return memcg_stalled(cgroup_memcg(cgroup));
	return cgroup_usage(cgroup);
}

/* And how much more of it in a window is no activity yet. */
static __always_inline __u64 bearable(void)
{
	if (config.trigger == refaults)
		return config.refaults;
	if (config.trigger == pressure)
		return window_ms() * config.pressure / 100;
	return config.growth;
}

static long look_for_rise(void *map, __u64 *id, struct high_tenant *high, struct look *look)
{
	struct cgroup *cgroup = high->cgroup;
	__u64 count;

	if (high->gone || !cgroup)
		return 0;
	count = counted(cgroup);
	if (high->window_start && count > high->window_count + bearable())
		look->rose = true;
	else if (count >= high->window_count && look->now - high->window_start < window_ns())
		return 0;
	high->window_count = count;
	high->window_start = look->now;
	return 0;
}

static __always_inline bool high_is_active(void)
{
	struct look look = {.now = bpf_ktime_get_ns()};

	if (config.trigger == always || (config.trigger == faults && !config.threshold)) {
		bpf_for_each_map_elem(&high_memcg, look_present, &look, 0);
		return look.present;
	}
	if (config.trigger >= growth) {
		bpf_for_each_map_elem(&high_memcg, look_for_rise, &look, 0);
		if (look.rose)
			activate(look.now);
	}
	return look.now < active_until;
}

SEC("syscall")
int high_join(struct memlua_join *ctx)
{
	__u64 id = ctx->cgroup_id;
	struct high_tenant *high = bpf_map_lookup_elem(&high_memcg, &id);

	if (!high)
		return -ENOENT;
	if (config.trigger == pressure && !has_pressure(id))
		return refuse(ctx, -EOPNOTSUPP, NO_PRESSURE);
	if (config.trigger == refaults && !knows_refaults())
		return refuse(
			ctx, -EOPNOTSUPP,
			"trigger refaults: takes functions of Linux 7.0, which memlua's module has, too (--vm)");
	return adopt_cgroup(&high->cgroup, id);
}

/* --- HIGH: protection --- */

static __always_inline bool protects(void)
{
	return !config.only_active || high_is_active();
}

SEC("struct_ops/below_low")
bool BPF_PROG(high_below_low, struct mem_cgroup *memcg)
{
	struct high_tenant *high;

	count(&stats.below_low_calls);
	if (!config.use_below_low || !protects())
		return false;
	count(&stats.below_low_active);
	high = memcg_lookup(&high_memcg, memcg);
	if (high)
		count(&high->below_low);
	return true;
}

SEC("struct_ops/below_min")
bool BPF_PROG(high_below_min, struct mem_cgroup *memcg)
{
	struct high_tenant *high;

	count(&stats.below_min_calls);
	if (!config.use_below_min || !protects())
		return false;
	count(&stats.below_min_active);
	high = memcg_lookup(&high_memcg, memcg);
	if (high)
		count(&high->below_min);
	return true;
}

/* --- LOW --- */

/* memcg: the attached cgroup, wherever below it its processes are. */
static __always_inline __u32 low_delay(struct mem_cgroup *memcg)
{
	__u64 headroom, span = config.headroom_max;

	if (config.only_over_high && memcg_usage(memcg) <= bytes(BPF_CORE_READ(memcg, memory.high)))
		return 0;
	if (!config.graded)
		return config.delay_ms;
	headroom = parent_headroom(memcg);
	return headroom < span ? config.delay_ms * (span - headroom) / span : 0;
}

SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(low_charged, struct mem_cgroup *memcg)
{
	struct low_tenant *low = memcg_attached(&low_memcg, &memcg);
	__u32 delay = high_is_active() ? low_delay(memcg) : 0;

	count(&stats.delay_calls);
	if (low)
		count(&low->calls);
	if (!delay)
		return 0;
	count(&stats.delay_active);
	__sync_fetch_and_add(&stats.delay_ms, delay);
	if (low) {
		count(&low->active);
		__sync_fetch_and_add(&low->delay_ms, delay);
	}
	return delay;
}

SEC(".struct_ops.link")
struct memcg_bpf_ops high = {
	.below_low = (void *)high_below_low,
	.below_min = (void *)high_below_min,
	.handle_cgroup_offline = (void *)high_offline,
};

SEC(".struct_ops.link")
struct memcg_bpf_ops low = {
	.memcg_charged = (void *)low_charged,
};

POLICY("HIGH is protected from reclaim, LOW is delayed while HIGH is active");
