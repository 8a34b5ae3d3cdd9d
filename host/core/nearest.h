/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_NEAREST_H
#define MEMLUA_NEAREST_H

#include <stddef.h>

/**
 * nearest_name() - the name of a list that looks most like a misspelt one.
 * @known: NULL-terminated
 * Return: an entry of @known, or NULL when none is closer than half of the name's letters
 * (Levenshtein's distance) or begins with it ("delay" of "delay_ms").
 */
const char *nearest_name(const char *name, const char *const known[]);

/**
 * nearest_hint() - "; did you mean 'x'? known: x, y, z" for the end of an error message.
 * Return: @text.
 */
const char *nearest_hint(const char *name, const char *const known[], char *text, size_t size);

#endif
