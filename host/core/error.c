// SPDX-License-Identifier: GPL-2.0
#include "error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code ? code : EIO;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int error_prefix(struct error *err, const char *fmt, ...)
{
	char what[512];
	size_t len, room;
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what) - 2, fmt, ap);
	va_end(ap);
	strcat(what, ": ");
	len = strlen(what);
	room = sizeof(err->text) - len - 1;
	err->text[room] = '\0';
	memmove(err->text + len, err->text, strlen(err->text) + 1);
	memcpy(err->text, what, len);
	return -1;
}
