// SPDX-License-Identifier: GPL-2.0
/*
 * The worker that allocates anonymous memory, touches every page of it, holds it, and, when asked,
 * keeps on using it: where there is swap, that is what brings pages back.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

static int check(const struct worker_spec *spec, struct error *err)
{
	struct sysinfo machine;
	uint64_t total;

	if (worker_check_sizes(spec, err))
		return -1;
	if (spec->passes && spec->duration > 0)
		return error_set(err, EINVAL, "passes and duration: give one of them");
	sysinfo(&machine);
	total = ((uint64_t)machine.totalram + machine.totalswap) * machine.mem_unit;
	if (spec->size > total)
		return error_set(
			err, ENOMEM,
			"size = %lu bytes: more than this machine's memory and swap (%lu); in the "
			"microVM, --memory gives more",
			spec->size, total);
	return 0;
}

/* volatile: the store is the point. The address makes pages differ, so that none can be merged. */
static void touch(char *page)
{
	*(volatile uint64_t *)page = (uintptr_t)page;
}

static void touch_chunk(char *memory, uint64_t from, uint64_t to, uint64_t page,
			struct worker_shared *s)
{
	for (uint64_t at = from; at < to; at += page) {
		touch(memory + at);
		atomic_store_explicit(&s->reached, at + page < to ? at + page : to,
				      memory_order_relaxed);
	}
}

static uint64_t chunk_end(const struct worker_spec *spec, uint64_t at)
{
	return spec->chunk < spec->size - at ? at + spec->chunk : spec->size;
}

/* With a rate latencies are those of requests. */
static uint64_t note_chunk(const struct worker_spec *spec, struct worker_shared *s, uint64_t began,
			   uint64_t bytes)
{
	if (!spec->nphases)
		return worker_chunk_done(s, began, bytes);
	began = clock_ns();
	worker_sample(s, began, bytes);
	return began;
}

static uint64_t allocate(char *memory, uint64_t page, const struct worker_spec *spec,
			 struct worker_shared *s)
{
	uint64_t now = clock_ns(), end;

	for (uint64_t at = 0; at < spec->size; at = end) {
		end = chunk_end(spec, at);
		touch_chunk(memory, at, end, page, s);
		now = note_chunk(spec, s, now, end);
	}
	return now;
}

/*
 * Work with the memory, word by word, as programs do: a page that is there is not for free. It changes,
 * so one that was swapped in must be written out again.
 */
static void use(char *memory, uint64_t from, uint64_t to)
{
	for (uint64_t at = from; at < to; at += sizeof(uint64_t))
		++*(volatile uint64_t *)(memory + at);
}

/* Return: false when the deadline has cut the pass short. */
static bool use_pass(char *memory, uint64_t deadline, const struct worker_spec *spec,
		     struct worker_shared *s)
{
	uint64_t now = clock_ns(), end;

	for (uint64_t at = 0; at < spec->size; at = end) {
		if (now >= deadline)
			return false;
		end = chunk_end(spec, at);
		use(memory, at, end);
		s->read_bytes += end - at;
		now = worker_chunk_done(s, now, s->reached + s->read_bytes);
	}
	s->passes_done++;
	return true;
}

static void use_again(char *memory, const struct worker_spec *spec, struct worker_shared *s)
{
	bool timed = spec->duration > 0;
	uint64_t deadline = timed ? s->allocated + seconds_to_ns(spec->duration) : UINT64_MAX;

	while ((timed || s->passes_done < spec->passes) && use_pass(memory, deadline, spec, s))
		;
}

struct pages {
	char *memory;
	uint64_t page, count;
	struct worker_shared *shared;
};

/* One page is used, each in its turn. */
static bool use_page(void *context, uint64_t i)
{
	const struct pages *p = context;
	uint64_t at = i % p->count * p->page;

	use(p->memory, at, at + p->page);
	p->shared->read_bytes += p->page;
	return true;
}

static void use_at_rate(char *memory, uint64_t page, const struct worker_spec *spec,
			struct worker_shared *s)
{
	struct pages pages = {memory, page, (spec->size + page - 1) / page, s};

	worker_rate(spec, s, use_page, &pages);
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	char *memory =
		mmap(NULL, spec->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		worker_fail(s, errno, "mmap of %lu bytes", spec->size);
	/* Refused only by kernels without huge pages, where there is nothing to choose. */
	madvise(memory, spec->size, spec->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	s->allocated = allocate(memory, page, spec, s);
	if (spec->nphases)
		use_at_rate(memory, page, spec, s);
	else
		use_again(memory, spec, s);
	sleep_until_ns(clock_ns() + seconds_to_ns(spec->hold));
}

const struct worker_kind worker_anon = {
	.name = "anon",
	.takes = "size! chunk hold passes duration rate",
	.times = "chunk",
	.check = check,
	.run = run,
};
