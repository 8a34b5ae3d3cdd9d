/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_KERNLOG_H
#define MEMLUA_KERNLOG_H

struct error;

/**
 * kernlog_read() - the kernel's log as it stands, "<LEVEL>[SECONDS.MICROSECONDS] TEXT" a line (syslog(2)).
 * Return: text to be freed, or NULL: only root may (EPERM).
 */
char *kernlog_read(struct error *err);

#endif
