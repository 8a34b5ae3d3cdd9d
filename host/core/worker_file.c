// SPDX-License-Identifier: GPL-2.0
/*
 * The worker that lives on page cache: writes a fresh file and re-reads it. A cached page stays
 * charged to whoever read it first, so the file must be new and nobody else's.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

static int check(const struct worker_spec *spec, struct error *err)
{
	if (!spec->file || !*spec->file)
		return error_set(err, EINVAL,
				 "file: missing; the file kind needs the path of a new file");
	if (spec->passes && spec->duration > 0)
		return error_set(err, EINVAL, "passes and duration: give one of them");
	if (!access(spec->file, F_OK))
		return error_set(err, EEXIST, "%s: exists already; the file kind makes a new file",
				 spec->file);
	return worker_check_sizes(spec, err);
}

/* Unlinked at once: whatever kills us, no file is left. */
static int make_file(const char *path, struct worker_shared *s)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 || unlink(path))
		worker_fail(s, errno, "%s", path);
	return fd;
}

static uint64_t chunk_at(const struct worker_spec *spec, uint64_t at)
{
	return spec->chunk < spec->size - at ? spec->chunk : spec->size - at;
}

static void write_chunk(int fd, const char *buffer, uint64_t at, uint64_t len,
			const struct worker_spec *spec, struct worker_shared *s)
{
	while (len) {
		ssize_t n = pwrite(fd, buffer, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			worker_fail(s, n ? errno : EIO, "%s: write", spec->file);
		at += n;
		len -= n;
		s->reached = at;
	}
}

/*
 * Written back chunk by chunk: a tenant whose limit is full of dirty pages is OOM-killed by kernels
 * with the multi-gen LRU (seen on 6.12). Synced, so that the re-reads meet clean pages, which
 * reclaim can drop.
 */
static void write_file(int fd, const char *buffer, const struct worker_spec *spec,
		       struct worker_shared *s)
{
	for (uint64_t at = 0; at < spec->size; at += chunk_at(spec, at)) {
		write_chunk(fd, buffer, at, chunk_at(spec, at), spec, s);
		/* a hint: the errors that matter come back from fdatasync() */
		sync_file_range(fd, at, chunk_at(spec, at),
				SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					SYNC_FILE_RANGE_WAIT_AFTER);
		worker_sample(s, clock_ns(), s->reached);
	}
	if (fdatasync(fd))
		worker_fail(s, errno, "%s: fdatasync", spec->file);
}

static void read_chunk(int fd, char *buffer, uint64_t at, uint64_t len,
		       const struct worker_spec *spec, struct worker_shared *s)
{
	while (len) {
		ssize_t n = pread(fd, buffer, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			worker_fail(s, n ? errno : EIO, "%s: read", spec->file);
		at += n;
		len -= n;
		s->read_bytes += n;
	}
}

/* Return: false when the deadline has cut the pass short. */
static bool read_pass(int fd, char *buffer, uint64_t deadline, const struct worker_spec *spec,
		      struct worker_shared *s)
{
	uint64_t now = clock_ns();

	for (uint64_t at = 0; at < spec->size; at += chunk_at(spec, at)) {
		if (now >= deadline)
			return false;
		read_chunk(fd, buffer, at, chunk_at(spec, at), spec, s);
		now = worker_chunk_done(s, now, s->reached + s->read_bytes);
	}
	s->passes_done++;
	return true;
}

struct file {
	const struct worker_spec *spec;
	struct worker_shared *shared;
	char *buffer;
	uint64_t page, count;
	int fd;
};

/* One page is read, each in its turn. The last one of a file may be cut short. */
static bool read_page(void *context, uint64_t i)
{
	const struct file *f = context;
	uint64_t at = i % f->count * f->page, left = f->spec->size - at;

	read_chunk(f->fd, f->buffer, at, left < f->page ? left : f->page, f->spec, f->shared);
	return true;
}

static void read_at_rate(int fd, char *buffer, const struct worker_spec *spec,
			 struct worker_shared *s)
{
	uint64_t page = sysconf(_SC_PAGESIZE);
	struct file file = {spec, s, buffer, page, (spec->size + page - 1) / page, fd};

	/* else the kernel reads what comes next, too, and what is asked for is there already */
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	worker_rate(spec, s, read_page, &file);
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	bool timed = spec->duration > 0;
	uint64_t deadline = UINT64_MAX, passes = timed        ? UINT64_MAX :
						 spec->passes ? spec->passes :
								1;
	char *buffer =
		mmap(NULL, spec->chunk, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	if (buffer == MAP_FAILED)
		worker_fail(s, errno, "mmap of a chunk of %lu bytes", spec->chunk);
	memset(buffer, 0x6d, spec->chunk); /* not zeros: some file systems would make holes */
	fd = make_file(spec->file, s);
	write_file(fd, buffer, spec, s);
	s->allocated = clock_ns();
	if (timed)
		deadline = s->allocated + seconds_to_ns(spec->duration);
	if (spec->nphases)
		read_at_rate(fd, buffer, spec, s);
	while (!spec->nphases && s->passes_done < passes &&
	       read_pass(fd, buffer, deadline, spec, s))
		;
	sleep_until_ns(clock_ns() + seconds_to_ns(spec->hold));
}

const struct worker_kind worker_file = {
	.name = "file",
	.takes = "size! chunk hold passes duration rate file",
	.times = "chunk",
	.check = check,
	.run = run,
};
