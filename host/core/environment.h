/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_ENVIRONMENT_H
#define MEMLUA_ENVIRONMENT_H

struct error;

/**
 * environment_secure() - as root, take out of the environment what would have this process and those that it starts run
 * code from relative folders and such that others may write to: entries of PATH, LUA_PATH and LUA_CPATH. Each is told.
 * LUA_INIT is never heeded, which root is told, too.
 * Return: 0, or -1 (EPERM) with "LD_PRELOAD: reason; remedy" where a library has been loaded like that: it is too late then.
 */
int environment_secure(struct error *err);

/**
 * environment_hold_streams() - keep the place of a standard stream that is closed, or the next file that is opened takes it
 * and gets what is printed. Reading and writing there fails as before.
 */
void environment_hold_streams(void);

#endif
