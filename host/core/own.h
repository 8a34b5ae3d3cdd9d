/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_OWN_H
#define MEMLUA_OWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Who owns a directory that memlua made (a cgroup, the folder of a microVM) holds a flock on it, which the kernel
 * lets go of when the owner ends, however that happens. So whatever has such a name and is not locked has lost its
 * owner, also where process ids tell nothing: in another pid namespace, or when one has been used again.
 * The locks of a file system that has none (some network ones) never say so: nothing is swept there.
 */

/* Digits of the random part of a name. */
#define OWN_DIGITS 12

/**
 * own_make() - make a directory that nobody could have foreseen, and own it.
 * @parent: descriptor of where it will be
 * @prefix: what its name begins with; hexadecimal digits follow
 * @name: gets the name
 * @size: of @name
 * Return: a descriptor, to be held open as long as it is owned, or -1 with errno.
 */
int own_make(int parent, const char *prefix, mode_t mode, char *name, size_t size);

/** own_is_name() - whether own_make() gives such names for the prefix. */
bool own_is_name(const char *name, const char *prefix);

/**
 * own_take() - own a directory that is there already.
 * @operation: flock()'s: LOCK_EX to be the only owner, LOCK_SH for one of several; LOCK_NB not to wait
 * Return: a descriptor as of own_make(), or -1 with errno: EWOULDBLOCK when others own it, ENOENT when it is gone,
 * also when it went while we waited.
 */
int own_take(int parent, const char *name, int operation);

#endif
