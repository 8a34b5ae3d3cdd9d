/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_INTERRUPT_H
#define MEMLUA_INTERRUPT_H

#include <signal.h>

/*
 * The signal (SIGINT, SIGTERM or SIGHUP) that asked memlua to end, 0 while none has. Everything that
 * waits returns early when it is set, so that whatever is open is closed in order.
 */
extern volatile sig_atomic_t memlua_interrupted;

/**
 * interrupt_install() - catch the signals above; SIGHUP only if it isn't ignored (nohup).
 * @notify: called from the handler (so: async-signal-safe only) with the signal; may be NULL
 */
void interrupt_install(void (*notify)(int signal));

#endif
