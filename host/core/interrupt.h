/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_INTERRUPT_H
#define MEMLUA_INTERRUPT_H

#include <signal.h>

/*
 * The signal (SIGINT, SIGTERM, SIGHUP, or SIGALRM: time is up) that asked memlua to end, 0 while none has. Everything that
 * waits returns early when it is set, so that whatever is open is closed in order.
 */
extern volatile sig_atomic_t memlua_interrupted;

/**
 * interrupt_install() - catch the signals above; SIGHUP only if it isn't ignored (nohup).
 * @notify: called from the handler (so: async-signal-safe only) with the signal; may be NULL
 */
void interrupt_install(void (*notify)(int signal));

/**
 * interrupt_after() - have SIGALRM come after so many seconds of the wall clock; 0: not at all.
 * Return: the seconds that were left of the time set before, 0 if none was.
 */
double interrupt_after(double seconds);

#endif
