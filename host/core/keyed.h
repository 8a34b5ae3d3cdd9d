/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_KEYED_H
#define MEMLUA_KEYED_H

#include <stdbool.h>
#include <stdint.h>

/* The format of memory.stat, memory.events and their like: a line per key. */

/**
 * keyed_next() - step through "key number" lines.
 * @cursor: the text, which is cut into pieces; moves on
 * @value:  UINT64_MAX for "max"
 * Return: false at the end.
 */
bool keyed_next(char **cursor, const char **key, uint64_t *value);

#endif
