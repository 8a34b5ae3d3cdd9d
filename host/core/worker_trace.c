// SPDX-License-Identifier: GPL-2.0
/*
 * The worker that replays a memory trace: at each sample's time its memory becomes base + what the sample
 * says. It never skips a sample: a step that takes too long makes the next ones late, and they then follow
 * without a pause until the trace's clock is met again, or the whole ends late.
 */
#include <errno.h>
#include <math.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

/* What one replay is made of; `level` bytes from `memory` on are touched. */
struct replay {
	const struct worker_spec *spec;
	struct worker_shared *shared;
	char *memory;
	uint64_t level, page;
};

/* --- before anything starts --- */

static uint64_t peak(const struct worker_spec *spec)
{
	uint64_t most = 0;

	for (size_t i = 0; i < spec->npoints; i++)
		if (spec->points[i].bytes > most)
			most = spec->points[i].bytes;
	return most;
}

static int check_points(const struct worker_spec *spec, struct error *err)
{
	const struct worker_point *p = spec->points;

	if (!spec->npoints)
		return error_set(err, EINVAL,
				 "curve: empty; at least one {seconds, bytes} is needed");
	for (size_t i = 0; i < spec->npoints; i++) {
		if (!(p[i].seconds >= 0 && p[i].seconds < 1e9))
			return error_set(err, EINVAL,
					 "curve: point %zu: %g is not a time in seconds", i + 1,
					 p[i].seconds);
		if (i && p[i].seconds < p[i - 1].seconds)
			return error_set(err, EINVAL,
					 "curve: point %zu: time runs backwards, from %g s to %g s",
					 i + 1, p[i - 1].seconds, p[i].seconds);
		if (!(p[i].cpu >= 0 && p[i].cpu < 1e6))
			return error_set(err, EINVAL,
					 "curve: point %zu: %g is not a share of a CPU", i + 1,
					 p[i].cpu);
	}
	return 0;
}

static int check_speed(const struct worker_spec *spec, struct error *err)
{
	double seconds = spec->points[spec->npoints - 1].seconds - spec->points[0].seconds;

	if (!(spec->speed > 0 && spec->speed < 1e9))
		return error_set(err, EINVAL,
				 "speed = %g: must be more than 0; 1 is the trace's own",
				 spec->speed);
	if (!(seconds / spec->speed < 1e9))
		return error_set(err, EINVAL, "speed = %g: the trace would take %g s", spec->speed,
				 seconds / spec->speed);
	return 0;
}

static int check(const struct worker_spec *spec, struct error *err)
{
	struct sysinfo machine;
	uint64_t total, most = peak(spec);

	if (check_points(spec, err) || check_speed(spec, err))
		return -1;
	sysinfo(&machine);
	total = ((uint64_t)machine.totalram + machine.totalswap) * machine.mem_unit;
	if (most > total || spec->base > total - most)
		return error_set(
			err, ENOMEM,
			"curve: a peak of %lu bytes on a base of %lu is more than this machine's "
			"memory and swap (%lu); scale the trace, or give the microVM more by "
			"--memory",
			most, spec->base, total);
	return 0;
}

/* --- memory --- */

/*
 * Map a range afresh. Over memory in use this gives its pages back, and unlike MADV_DONTNEED the page
 * tables too, which would otherwise stay charged as if the peak were still there.
 */
static void map(struct replay *r, uint64_t from, uint64_t to)
{
	int where = r->memory ? MAP_FIXED : 0;
	char *memory = mmap(r->memory ? r->memory + from : NULL, to - from, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | where, -1, 0);

	if (memory == MAP_FAILED)
		worker_fail(r->shared, errno, "mmap of %lu bytes", to - from);
	if (!r->memory)
		r->memory = memory;
	madvise(memory, to - from, r->spec->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

static uint64_t whole_pages(const struct replay *r, uint64_t bytes)
{
	return (bytes + r->page - 1) / r->page * r->page;
}

/* volatile: the store is the point. The address makes pages differ, so that none can be merged. */
static void grow(struct replay *r, uint64_t to)
{
	for (; r->level < to; r->level += r->page) {
		*(volatile uint64_t *)(r->memory + r->level) = (uintptr_t)r->memory + r->level;
		if (r->level + r->page > r->shared->reached)
			atomic_store_explicit(&r->shared->reached, r->level + r->page,
					      memory_order_relaxed);
	}
}

static void shrink(struct replay *r, uint64_t to)
{
	map(r, to, r->level);
	r->level = to;
}

/* --- time --- */

static uint64_t cpu_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return used.tv_sec * NSEC_PER_SEC + used.tv_nsec;
}

static uint64_t due(const struct replay *r, size_t i)
{
	double seconds = r->spec->points[i].seconds - r->spec->points[0].seconds;

	return r->shared->started + seconds_to_ns(seconds / r->spec->speed);
}

/* The CPU time of the interval that ends at sample i: however long it takes to get it, it is used. */
static void compute(const struct replay *r, size_t i, uint64_t before)
{
	double share = fmin(r->spec->points[i].cpu, 1); /* we have one thread */
	uint64_t wanted = share * (double)(due(r, i) - due(r, i - 1));

	while (cpu_ns() - before < wanted)
		;
}

static void note_lag(const struct replay *r, size_t i, uint64_t now)
{
	struct worker_shared *s = r->shared;

	s->lag_last = now > due(r, i) ? now - due(r, i) : 0;
	if (s->lag_last > s->lag_max)
		s->lag_max = s->lag_last;
	s->steps_done = i + 1;
}

/* --- the replay --- */

static void step(struct replay *r, size_t i)
{
	uint64_t to = whole_pages(r, r->spec->base + r->spec->points[i].bytes);
	uint64_t began = clock_ns(), now;

	if (to > r->level) {
		grow(r, to);
		now = worker_chunk_done(r->shared, began, r->level);
	} else {
		if (to < r->level)
			shrink(r, to);
		now = clock_ns();
		worker_sample(r->shared, now, r->level);
	}
	note_lag(r, i, now);
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	struct replay r = {.spec = spec, .shared = s, .page = sysconf(_SC_PAGESIZE)};
	uint64_t cpu;

	map(&r, 0, whole_pages(&r, spec->base + peak(spec)) + r.page); /* never a length of 0 */
	grow(&r, whole_pages(&r, spec->base));
	step(&r, 0);
	for (size_t i = 1; i < spec->npoints; i++) {
		cpu = cpu_ns();
		compute(&r, i, cpu);
		sleep_until_ns(due(&r, i));
		step(&r, i);
	}
	s->allocated = clock_ns();
	sleep_until_ns(s->allocated + seconds_to_ns(spec->hold));
}

const struct worker_kind worker_trace = {
	.name = "trace",
	.takes = "curve! speed base size hold huge",
	.times = "rise",
	.check = check,
	.run = run,
};
