/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_GUEST_H
#define MEMLUA_GUEST_H

#include <stdbool.h>

/*
 * memlua as the microVM's init: mounts what a system needs, runs the same command as on the host, with
 * its output on virtio ports, and on a terminal if the host's session has one, sends the results back and
 * powers off. The other end is vm.c.
 */

/* Why the guest gives up, on its console: what the host finds there before the panic that follows. */
#define GUEST_COMPLAINT "memlua guest: "

/* What the machine had of the run's folder when the microVM booted. */
#define GUEST_BEFORE "/run/memlua/before"
/* Names in the run's folder, "./" before them, that have been sent to the machine (memlua.base.handback). */
#define GUEST_SENT "/run/memlua/sent"

/** guest_wanted() - does the kernel's command line ask for it? Only meaningful in process 1. */
bool guest_wanted(void);

/** guest_active() - is this memlua running a script inside the microVM? */
bool guest_active(void);

/**
 * guest_init() - be process 1. Never returns in process 1; in its child, which runs the command, it
 * returns what @run returned.
 * @run: memlua's ordinary main
 */
int guest_init(int (*run)(int argc, char **argv));

#endif
