// SPDX-License-Identifier: GPL-2.0
#include "interrupt.h"

#include <errno.h>
#include <math.h>
#include <sys/time.h>

#include "clock.h"

volatile sig_atomic_t memlua_interrupted;
static void (*notify_interrupt)(int signal);

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM};

static void on_signal(int signal)
{
	if (!memlua_interrupted)
		memlua_interrupted = signal;
	if (notify_interrupt)
		notify_interrupt(signal);
}

void interrupt_install(void (*notify)(int signal))
{
	/* No SA_RESTART: a wait must end when the signal comes. */
	struct sigaction action = {.sa_handler = on_signal}, hangup;

	notify_interrupt = notify;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	/* Ignored by nohup, whose user wants it to go on. */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
	/* A parent may have left it ignored; then the kernel reaps our children and we never see their end. */
	signal(SIGCHLD, SIG_DFL);
	/* A reader that goes away is an error of write(), not the end of the run. */
	signal(SIGPIPE, SIG_IGN);
}

double interrupt_after(double seconds)
{
	double whole = fmin(floor(seconds), 1e9);
	struct itimerval old,
		timer = {
			.it_value = {.tv_sec = whole, .tv_usec = (seconds - floor(seconds)) * 1e6},
			.it_interval = {.tv_sec = 1},
		};

	if (seconds > 0 && !timer.it_value.tv_sec && !timer.it_value.tv_usec)
		timer.it_value.tv_usec = 1; /* 0 would be never */
	setitimer(ITIMER_REAL, &timer, &old);
	return old.it_value.tv_sec + old.it_value.tv_usec * 1e-6;
}

void interrupt_forget(void)
{
	if (memlua_interrupted == SIGALRM)
		interrupt_after(0);
	memlua_interrupted = 0;
}

/* --- waiting --- */

static void block_signals(sigset_t *before)
{
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(ending) / sizeof(*ending); i++)
		sigaddset(&block, ending[i]);
	sigprocmask(SIG_BLOCK, &block, before);
}

/* Once memlua was asked to end it only looks. */
static int poll_until(struct pollfd *fds, size_t n, uint64_t deadline, const sigset_t *mask)
{
	uint64_t now = clock_ns(),
		 left = deadline > now && !memlua_interrupted ? deadline - now : 0;
	struct timespec ts = {left / NSEC_PER_SEC, left % NSEC_PER_SEC};

	return ppoll(fds, n, left && deadline == UINT64_MAX ? NULL : &ts, mask);
}

static int poll_masked(struct pollfd *fds, size_t n, uint64_t deadline, const sigset_t *mask)
{
	for (;;) {
		int ready = poll_until(fds, n, deadline, mask);

		if (ready > 0 || (ready < 0 && errno != EINTR))
			return ready;
		if (memlua_interrupted && !ready) {
			errno = EINTR;
			return -1;
		}
		if (!ready && clock_ns() >= deadline)
			return 0;
	}
}

/* The signals stay blocked except inside ppoll(). */
int interrupt_poll(struct pollfd *fds, size_t n, uint64_t deadline)
{
	sigset_t before;
	int ready, code;

	block_signals(&before);
	ready = poll_masked(fds, n, deadline, &before);
	code = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return ready;
}
