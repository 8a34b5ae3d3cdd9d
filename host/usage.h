/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_USAGE_H
#define MEMLUA_USAGE_H

/** usage_print() - memlua --help, on standard output, as wide as the terminal. */
void usage_print(void);

#endif
