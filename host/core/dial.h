/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_DIAL_H
#define MEMLUA_DIAL_H

#include <stdbool.h>
#include <stdint.h>

/* Whether somebody answers: a connection is made and given up. Without waiting for one that doesn't. */

/** dial_port() - at that TCP port of this machine, 127.0.0.1 or ::1. */
bool dial_port(uint16_t port);

/** dial_socket() - at the UNIX socket of that path, streams or packets. */
bool dial_socket(const char *path);

#endif
