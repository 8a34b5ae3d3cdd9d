// SPDX-License-Identifier: GPL-2.0
#include "keyed.h"

#include <stdlib.h>
#include <string.h>

bool keyed_next(char **cursor, const char **key, uint64_t *value)
{
	char *line = *cursor, *blank, *end;

	for (; *line; line = *cursor) {
		end = line + strcspn(line, "\n");
		*cursor = *end ? end + 1 : end;
		*end = '\0';
		blank = strchr(line, ' ');
		if (!blank)
			continue;
		*blank++ = '\0';
		*key = line;
		*value = strcmp(blank, "max") ? strtoull(blank, &end, 10) : UINT64_MAX;
		return true;
	}
	return false;
}
