/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_UNITS_H
#define MEMLUA_UNITS_H

#include <stdint.h>

struct error;

/**
 * parse_size() - "4096", "512M", "1.5G": K M G T are binary (1024), a bare number is bytes.
 * @text:  what the user wrote; an optional "B" or "iB" may follow the unit
 * @bytes: the result, at most INT64_MAX so that Lua's integers hold it
 * Return: 0, or -1 (EINVAL: not a size, negative; ERANGE: too large) with the remedy in @err.
 */
int parse_size(const char *text, uint64_t *bytes, struct error *err);

/**
 * parse_duration() - "5", "1.5s", "200ms", "10us", "2m", "1h": a bare number is seconds.
 * @seconds: the result, finite and not negative
 * Return: 0, or -1 (EINVAL) with the remedy in @err.
 */
int parse_duration(const char *text, double *seconds, struct error *err);

#endif
