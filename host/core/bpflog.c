// SPDX-License-Identifier: GPL-2.0
#include "bpflog.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A verifier's log may be megabytes long; its end tells why, and must fit into struct error. */
#define KEPT 65536
#define TAIL_LINES 40
#define TAIL_BYTES 6000

static char kept[KEPT];
static size_t used;

static void keep(const char *text, size_t len)
{
	if (len >= KEPT) {
		text += len - KEPT + 1;
		len = KEPT - 1;
	}
	if (used + len >= KEPT) {
		size_t drop = used + len - KEPT + 1;

		memmove(kept, kept + drop, used - drop);
		used -= drop;
	}
	memcpy(kept + used, text, len);
	used += len;
	kept[used] = '\0';
}

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text;
	int len;

	if (level != LIBBPF_WARN)
		return 0;
	len = vasprintf(&text, format, args);
	if (len < 0)
		return 0;
	keep(text, len);
	free(text);
	return len;
}

void bpflog_start(void)
{
	used = 0;
	kept[0] = '\0';
	libbpf_set_print(print);
}

/* The log is followed by what libbpf makes of it, which says nothing new. */
static void cut_after_log(void)
{
	char *end = strstr(kept, "-- END PROG LOAD LOG --");

	if (end) {
		*end = '\0';
		used = end - kept;
	}
}

const char *bpflog_tail(void)
{
	const char *start;
	int lines = 0;

	cut_after_log();
	while (used && kept[used - 1] == '\n')
		kept[--used] = '\0';
	for (start = kept + used; start > kept; start--) {
		if (start[-1] == '\n' && ++lines == TAIL_LINES)
			break;
		if (kept + used - start >= TAIL_BYTES)
			break;
	}
	return start;
}
