// SPDX-License-Identifier: GPL-2.0
#include "nearest.h"

#include <stdio.h>
#include <string.h>

/* Levenshtein's distance, over the first 63 characters: names are short. */
static size_t distance(const char *a, const char *b)
{
	size_t row[64], la = strnlen(a, 63), lb = strnlen(b, 63);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			diagonal = above;
			row[j] = best;
		}
	}
	return row[lb];
}

/* The shortest name that begins with this one. A letter or two begin too many. */
static const char *completed(const char *name, const char *const known[])
{
	size_t len = strlen(name);
	const char *shortest = NULL;

	for (; len >= 3 && *known; known++)
		if (!strncmp(name, *known, len) && (!shortest || strlen(*known) < strlen(shortest)))
			shortest = *known;
	return shortest;
}

const char *nearest_name(const char *name, const char *const known[])
{
	size_t least = strlen(name) / 2 + 1;
	const char *nearest = NULL;

	for (const char *const *k = known; *k; k++) {
		size_t d = distance(name, *k);

		if (d < least) {
			least = d;
			nearest = *k;
		}
	}
	return nearest ? nearest : completed(name, known);
}

const char *nearest_hint(const char *name, const char *const known[], char *text, size_t size)
{
	const char *nearest = nearest_name(name, known);
	size_t used;

	used = snprintf(text, size, nearest ? "; did you mean '%s'?" : ";", nearest);
	used += snprintf(text + used, used < size ? size - used : 0, " known:");
	for (const char *const *k = known; *k && used < size; k++)
		used += snprintf(text + used, size - used, "%s %s", k == known ? "" : ",", *k);
	return text;
}
