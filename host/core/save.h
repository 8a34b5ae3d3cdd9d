/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SAVE_H
#define MEMLUA_SAVE_H

#include <stddef.h>

struct error;

/**
 * write_all() - write, however many calls it takes, waiting where a descriptor is non-blocking.
 * Return: 0, or -1 with errno.
 */
int write_all(int fd, const char *data, size_t len);

/**
 * save_file() - a whole file or none: written beside its name, synced, renamed.
 * @path: what is there is replaced; a device or a pipe is written to as it is. So is a link to an open descriptor of
 *	  ours (/dev/stdout, /dev/fd/63). Any other link is replaced itself: in a folder that came from elsewhere it
 *	  may lead anywhere.
 * Return: 0, or -1 (no such folder, no permission, no space): then @path is as it was.
 */
int save_file(const char *path, const void *data, size_t size, struct error *err);

#endif
