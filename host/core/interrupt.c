// SPDX-License-Identifier: GPL-2.0
#include "interrupt.h"

#include <stddef.h>

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
	struct sigaction action = {.sa_handler = on_signal};

	notify_interrupt = notify;
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	/* A reader that goes away is an error of write(), not the end of the run. */
	signal(SIGPIPE, SIG_IGN);
}
