// SPDX-License-Identifier: GPL-2.0
#include "notice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void notice(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (getenv("MEMLUA_QUIET"))
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "memlua: %s\n", text);
}
