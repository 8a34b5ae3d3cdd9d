// SPDX-License-Identifier: GPL-2.0
/*
 * A worker is born of a nurse. A policy that holds the cgroup may answer the worker's first charge, which a copied
 * page of its stack can be, before it has run any code; and what it has then it keeps: a copy of a BPF link's
 * descriptor would keep the policy attached, and thereby the worker held, after we have let go of it or are dead.
 * So the nurse, a fork in our own cgroup, sheds all that first, then forks the worker into the cgroup as our child,
 * and exits. It takes a fork more, and no wait for the RCU grace period that moving a process to a cgroup does.
 */
#include "worker_birth.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "supervisor.h"

/* Where the nurse keeps the cgroup, the only descriptor behind the standard ones. */
#define CGROUP_FD (STDERR_FILENO + 1)

/* What the nurse tells the supervisor. */
struct birth {
	pid_t worker;
	int error; /* errno */
};

/*
 * clone3() has reset the handlers but not what is ignored, by us or by whoever started us. By the system
 * call, because signal() refuses glibc's own two, which its posix_spawn() (make, popen()) leaves ignored.
 */
static void reset_signals(void)
{
	const unsigned long by_default[4] = {0}; /* the kernel's struct sigaction with SIG_DFL */
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, by_default, NULL, NSIG / 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Both die with the supervisor, even if it died before they asked for that, but not of Ctrl-C, upon which it ends
 * its workers in order: each has a process group of its own.
 */
static void follow(pid_t supervisor)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != supervisor)
		_exit(EXIT_FAILURE);
}

/* What the worker inherits of this, all but the parent-death signal, it has from its first instruction on. */
static int shed(int cgroup, const struct worker_spec *spec)
{
	reset_signals();
	supervisor_unprotect();
	if (spec->name) /* so that the kernel's OOM report names the tenant */
		prctl(PR_SET_NAME, spec->name);
	if (cgroup >= 0 && cgroup != CGROUP_FD && dup2(cgroup, CGROUP_FD) < 0)
		return -1;
	return close_range(cgroup >= 0 ? CGROUP_FD + 1 : CGROUP_FD, ~0U, 0);
}

static pid_t fork_worker(bool into_cgroup)
{
	struct clone_args args = {.flags = CLONE_PARENT};

	if (into_cgroup) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = CGROUP_FD;
	}
	return syscall(SYS_clone3, &args, sizeof(args));
}

/* Returns in the worker only. */
static void nurse(int cgroup, const struct worker_spec *spec, pid_t supervisor, struct birth *birth)
{
	pid_t worker;

	follow(supervisor);
	worker = shed(cgroup, spec) ? -1 : fork_worker(cgroup >= 0);
	if (worker) { /* the worker itself leaves the shared memory alone */
		*birth = (struct birth){.worker = worker, .error = errno};
		_exit(EXIT_SUCCESS);
	}
	follow(supervisor);
	close_range(CGROUP_FD, ~0U, 0);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Once the nurse is gone it has told all there is. */
static int await_birth(pid_t nurse_pid, const struct birth *birth, int *pidfd)
{
	int error;

	reap(nurse_pid);
	/* the nurse was killed, which we can't know the reason of */
	errno = birth->worker ? birth->error : EAGAIN;
	if (birth->worker <= 0)
		return -1;
	/* ours and not yet waited for: the number is still its */
	*pidfd = syscall(SYS_pidfd_open, birth->worker, 0);
	if (*pidfd >= 0)
		return 0;
	error = errno;
	kill(birth->worker, SIGKILL);
	reap(birth->worker);
	errno = error;
	return -1;
}

pid_t worker_birth(int cgroup, const struct worker_spec *spec, int *pidfd)
{
	struct clone_args args = {.flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
	struct birth *birth = mmap(NULL, sizeof(*birth), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t supervisor = getpid(), pid;
	int error;

	if (birth == MAP_FAILED)
		return -1;
	*birth = (struct birth){0};
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		nurse(cgroup, spec, supervisor, birth);
		return 0;
	}
	if (pid > 0)
		pid = await_birth(pid, birth, pidfd) ? -1 : birth->worker;
	error = errno;
	munmap(birth, sizeof(*birth));
	errno = error;
	return pid;
}
