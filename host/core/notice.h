/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_NOTICE_H
#define MEMLUA_NOTICE_H

/**
 * notice() - tell the user, on standard error, of something that the core did and nobody asked for, such as the
 * removal of what a killed memlua left. Says nothing where MEMLUA_QUIET is set (--quiet).
 * @fmt: printf format of one line, without its end
 */
void notice(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
