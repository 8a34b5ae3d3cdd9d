// SPDX-License-Identifier: GPL-2.0
/* Starting workers, waiting for them, and telling how they ended. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cgroup.h"
#include "cgroup_fs.h"
#include "cleanup.h"
#include "error.h"
#include "interrupt.h"
#include "schedule.h"
#include "supervisor.h"
#include "worker_birth.h"
#include "worker_child.h"
#include "worker_figures.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* How long a killed worker may take to die before we give up on reaping it. */
#define REAP_TIMEOUT_MS 5000

struct worker {
	const struct worker_kind *kind;
	char *name;
	uint64_t size, spawned;
	pid_t pid;
	int pidfd;
	int cgroup;         /* its directory, or -1 */
	uint64_t oom_kills; /* of the cgroup and those below, before the start */
	struct worker_shared *shared;
	const char *kill_reason;
	bool asked; /* to end, by a signal that it may handle: how it then ends is no failure */
	bool ended, oom_killed;
	int signal, exit_code;
	struct rusage usage;
};

#define KIND_ADDRESS(name) &worker_##name,
const struct worker_kind *const worker_kinds[] = {WORKER_KINDS(KIND_ADDRESS) NULL};

/* --- the child --- */

static _Noreturn void child(const struct worker *w, const struct worker_spec *spec)
{
	if (spec->delay > 0)
		sleep_until_ns(w->spawned + seconds_to_ns(spec->delay));
	w->shared->started = clock_ns();
	spec->kind->run(spec, w->shared);
	w->shared->finished = clock_ns();
	_exit(EXIT_SUCCESS);
}

/* --- spawn --- */

int worker_check_sizes(const struct worker_spec *spec, struct error *err)
{
	long page = sysconf(_SC_PAGESIZE);

	if (!spec->size)
		return error_set(err, EINVAL, "size: must be more than 0");
	if (!spec->chunk || spec->chunk % page)
		return error_set(err, EINVAL,
				 "chunk = %lu: must be a multiple of the page size (%ld)",
				 spec->chunk, page);
	return 0;
}

static int clone_error(const struct cgroup *cg, struct error *err)
{
	const char *where = cg ? cgroup_name(cg) : "worker";

	switch (errno) {
	case EBUSY:
		return error_set(
			err, EBUSY,
			"%s: takes no processes, because it has children (cgroup v2: only leaves "
			"have processes); start the worker in one of them",
			where);
	case EAGAIN:
		return error_set(err, EAGAIN, "%s: too many processes (pids.max, or ulimit -u)",
				 where);
	case EBADF:
	case ENOENT:
	case ENODEV:
		return error_set(err, ENODEV, "%s: gone (the cgroup was removed)", where);
	case ENOSYS:
		return error_set(err, ENOSYS,
				 "%s: this kernel has no clone3(); 5.7 or newer is needed", where);
	default:
		return error_set(err, errno, "%s: starting a worker: %s", where, strerror(errno));
	}
}

/* Touched here: charged to us, not to the tenant. */
static void *share(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return memory == MAP_FAILED ? NULL : memset(memory, 0, size);
}

static void release(struct worker *w)
{
	if (w->pidfd >= 0)
		close(w->pidfd);
	if (w->cgroup >= 0)
		close(w->cgroup);
	if (w->shared && w->shared->windows)
		munmap(w->shared->windows, sizeof(*w->shared->windows));
	if (w->shared)
		munmap(w->shared, sizeof(*w->shared));
	free(w->name);
	free(w);
}

/* The width of a window in ns, never 0. */
static uint64_t window_of(const struct worker_spec *spec)
{
	return seconds_to_ns(schedule_end(spec->phases, spec->nphases)) / WORKER_WINDOWS + 1;
}

static struct worker *new_worker(const struct cgroup *cg, const struct worker_spec *spec)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->pidfd = w->cgroup = -1;
	w->shared = share(sizeof(*w->shared));
	if (w->shared && spec->nphases)
		w->shared->windows = share(sizeof(*w->shared->windows));
	if (spec->name)
		w->name = strdup(spec->name);
	if (!w->shared || (spec->nphases && !w->shared->windows) || (spec->name && !w->name)) {
		release(w);
		return NULL;
	}
	if (spec->nphases)
		w->shared->windows->width = window_of(spec);
	w->shared->stride = 1;
	w->kind = spec->kind;
	w->size = spec->size;
	w->cgroup = cg ? fcntl(cgroup_fd(cg), F_DUPFD_CLOEXEC, 0) : -1;
	return w;
}

struct worker *worker_spawn(const struct cgroup *cg, const struct worker_spec *spec,
			    struct error *err)
{
	struct worker *w;

	if (spec->kind->check && spec->kind->check(spec, err)) {
		error_prefix(err, "%s", spec->name ? spec->name : "worker");
		return NULL;
	}
	supervisor_protect();
	w = new_worker(cg, spec);
	if (!w) {
		error_set(err, ENOMEM, "worker: %s", strerror(ENOMEM));
		return NULL;
	}
	if (cg && w->cgroup < 0) {
		error_set(err, errno, "%s: %s", cgroup_name(cg), strerror(errno));
		release(w);
		return NULL;
	}
	cgroupfs_count(w->cgroup, "memory.events", "oom_kill", &w->oom_kills);
	w->spawned = clock_ns();
	w->pid = worker_birth(w->cgroup, spec, &w->pidfd);
	if (w->pid == 0)
		child(w, spec);
	if (w->pid < 0) {
		clone_error(cg, err);
		w->pidfd = -1;
		release(w);
		return NULL;
	}
	return w;
}

/* --- the end --- */

/*
 * The counter moves before the kernel sends its SIGKILL, so it is up to date when we reap. That of the cgroups below
 * counts, too: a worker may have moved itself there.
 */
static bool was_oom_killed(const struct worker *w)
{
	uint64_t now;

	return w->signal == SIGKILL && !w->kill_reason &&
	       cgroupfs_count(w->cgroup, "memory.events", "oom_kill", &now) && now > w->oom_kills;
}

bool worker_ended(struct worker *w)
{
	siginfo_t info = {0};

	if (w->ended)
		return true;
	/* The system call, because glibc's waitid() drops the fifth argument. */
	if (syscall(SYS_waitid, P_PIDFD, w->pidfd, &info, WEXITED | WNOHANG, &w->usage) ||
	    !info.si_pid)
		return false;
	w->ended = true;
	w->exit_code = info.si_code == CLD_EXITED ? info.si_status : -1;
	w->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	w->oom_killed = was_oom_killed(w);
	if (!w->shared->finished && !w->signal &&
	    !*w->shared->error) /* exec: it can't tell the time itself */
		w->shared->finished = clock_ns();
	return true;
}

static int find_ended(struct worker *const workers[], const struct pollfd *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i].revents && worker_ended(workers[i]))
			return i;
	return -1;
}

int worker_wait(struct worker *const workers[], size_t n, double timeout, struct error *err)
{
	uint64_t deadline = timeout < 0 || timeout > 1e9 ? UINT64_MAX :
							   clock_ns() + seconds_to_ns(timeout);
	CLEANUP_FREE struct pollfd *fds = calloc(n, sizeof(*fds));
	int ready, ended;

	if (!fds)
		return error_set(err, ENOMEM, "worker.wait: %s", strerror(ENOMEM));
	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){.fd = workers[i]->pidfd, .events = POLLIN};
	while ((ready = interrupt_poll(fds, n, deadline)) > 0)
		if ((ended = find_ended(workers, fds, n)) >= 0)
			return ended;
	if (ready < 0 && errno != EINTR)
		return error_set(err, errno, "worker.wait: %s", strerror(errno));
	return ready ? error_set(err, EINTR, "interrupted") : error_set(err, ETIMEDOUT, "timeout");
}

void worker_signal(struct worker *w, int signal, const char *reason)
{
	if (worker_ended(w) || syscall(SYS_pidfd_send_signal, w->pidfd, signal, NULL, 0) ||
	    w->kill_reason)
		return;
	w->kill_reason = reason;
	w->asked = signal != SIGKILL;
}

void worker_kill(struct worker *w, const char *reason)
{
	worker_signal(w, SIGKILL, reason);
}

void worker_free(struct worker *w)
{
	struct pollfd poller = {.fd = w->pidfd, .events = POLLIN};

	worker_kill(w, "killed");
	while (!w->ended && poll(&poller, 1, REAP_TIMEOUT_MS) < 0 && errno == EINTR)
		;
	worker_ended(w);
	release(w);
}

/* --- the result --- */

static const char *how_ended(const struct worker *w)
{
	if (w->oom_killed)
		return "oom-killed";
	if (w->asked)
		return w->kill_reason;
	if (w->signal)
		return w->signal == SIGKILL && w->kill_reason ? w->kill_reason : "killed";
	return w->exit_code ? "failed" : "done";
}

static void describe_error(const struct worker *w, struct worker_result *r)
{
	const struct worker_shared *s = w->shared;

	if (*s->error && s->error_code)
		snprintf(r->error, sizeof(r->error), "%s: %s", s->error, strerror(s->error_code));
	else if (*s->error)
		snprintf(r->error, sizeof(r->error), "%s", s->error);
	else if (w->exit_code > 0)
		snprintf(r->error, sizeof(r->error), "exit status %d", w->exit_code);
}

/* A worker killed while it thinned its samples leaves a few of them out of order; skip those. */
static void copy_sample(struct worker_result *r, struct worker_sample sample)
{
	if (!r->nsamples || sample.ns > r->samples[r->nsamples - 1].ns)
		r->samples[r->nsamples++] = sample;
}

void worker_result(const struct worker *w, struct worker_result *r)
{
	const struct worker_shared *s = w->shared;

	memset(r, 0, sizeof(*r));
	r->spawned = w->spawned;
	r->started = s->started;
	r->allocated = s->allocated;
	r->finished = s->finished;
	r->ended = how_ended(w);
	r->signal = w->signal;
	r->exit_code = w->exit_code;
	r->latency = &s->latency;
	r->windows = s->windows;
	describe_error(w, r);
	for (uint32_t i = 0; i < s->nsamples; i++)
		copy_sample(r, s->samples[i]);
	if (s->last.ns)
		copy_sample(r, s->last);
}

uint64_t worker_figure(const struct worker *w, const struct worker_figure *figure)
{
	return figure->value(w->shared, &w->usage);
}

/* --- facts --- */

uint64_t worker_progress(const struct worker *w)
{
	return w->shared->reached;
}

pid_t worker_pid(const struct worker *w)
{
	return w->pid;
}

const char *worker_name(const struct worker *w)
{
	return w->name;
}

const struct worker_kind *worker_kind_of(const struct worker *w)
{
	return w->kind;
}

uint64_t worker_size(const struct worker *w)
{
	return w->size;
}
