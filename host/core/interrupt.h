/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_INTERRUPT_H
#define MEMLUA_INTERRUPT_H

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The signal (SIGINT, SIGTERM, SIGHUP, or SIGALRM: time is up) that asked memlua to end, 0 while none has; the first
 * counts. Everything that waits returns early when it is set, so that whatever is open is closed in order.
 */
extern volatile sig_atomic_t memlua_interrupted;

/**
 * interrupt_install() - catch the signals above; SIGHUP only if it isn't ignored (nohup).
 * @notify: called from the handler (so: async-signal-safe only) with the signal; may be NULL
 */
void interrupt_install(void (*notify)(int signal));

/**
 * interrupt_after() - have SIGALRM come after so many seconds of the wall clock, and every second from then on: one
 * that comes just before a wait of somebody else's, such as a read(), would not end it. 0: not at all.
 * Return: the seconds that were left of the time set before, 0 if none was.
 */
double interrupt_after(double seconds);

/** interrupt_forget() - it has been answered: go on as if it hadn't come. */
void interrupt_forget(void);

/**
 * interrupt_poll() - poll() that no signal can slip past between the look at memlua_interrupted and the wait.
 * @n:        0: just wait
 * @deadline: of clock_ns(); UINT64_MAX: none
 * Return: poll()'s; what is ready counts before an interruption. -1 with EINTR when memlua was asked to end.
 */
int interrupt_poll(struct pollfd *fds, size_t n, uint64_t deadline);

#endif
