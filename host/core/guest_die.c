// SPDX-License-Identifier: GPL-2.0
#include "guest_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "guest.h"

void guest_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "\n" GUEST_COMPLAINT);
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	sync();
	_exit(1);
}
