// SPDX-License-Identifier: GPL-2.0
#include "interrupt.h"

#include <math.h>
#include <stddef.h>
#include <sys/time.h>

volatile sig_atomic_t memlua_interrupted;
static void (*notify_interrupt)(int signal);

static void on_signal(int signal)
{
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
	struct itimerval timer = {.it_value = {.tv_sec = whole, .tv_usec = (seconds - floor(seconds)) * 1e6}}, old;

	if (seconds > 0 && !timer.it_value.tv_sec && !timer.it_value.tv_usec)
		timer.it_value.tv_usec = 1; /* 0 would be never */
	setitimer(ITIMER_REAL, &timer, &old);
	return old.it_value.tv_sec + old.it_value.tv_usec * 1e-6;
}
