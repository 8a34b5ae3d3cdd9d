// SPDX-License-Identifier: GPL-2.0
#include "embed.h"

#include <string.h>

const void *embed_find(const char *name, size_t *size)
{
	for (const struct embedded *e = embed_table; e->name; e++)
		if (!strcmp(e->name, name)) {
			*size = (const char *)e->end - (const char *)e->data;
			return e->data;
		}
	return NULL;
}
