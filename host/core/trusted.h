/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_TRUSTED_H
#define MEMLUA_TRUSTED_H

struct error;

/*
 * Root runs no code that somebody else could have put there: scripts, policies, the module, libraries. Whoever owns the
 * machine (/), this memlua's binary, or has called it by sudo is trusted beside root: they could have anything run anyway.
 * Others must not be able to write to the file, nor to a folder on the way to it, links followed. For anybody but root, and
 * in the microVM, which can harm nothing, all is well.
 */

/**
 * trusted_file() - may root run what the file holds? In a folder where everybody owns his own files (the sticky bit:
 * /tmp) it may be root's.
 * @path: absolute or from the working folder; a file that isn't there is for its opener to tell of
 * Return: 0, or -1 (EPERM) with "path: reason; remedy".
 */
int trusted_file(const char *path, struct error *err);

/** trusted_folder() - may root run whatever appears in that folder? Not in /tmp. Return: as trusted_file(). */
int trusted_folder(const char *path, struct error *err);

#endif
