// SPDX-License-Identifier: GPL-2.0
#include "kernlog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>

#include "error.h"

/* linux/kernel/printk's, which no header exports */
enum { READ_ALL = 3, SIZE_BUFFER = 10 };

char *kernlog_read(struct error *err)
{
	int size = klogctl(SIZE_BUFFER, NULL, 0);
	char *text = size > 0 ? malloc(size + 1) : NULL;
	int len = text ? klogctl(READ_ALL, text, size) : -1;

	if (len < 0) {
		error_set(err, errno, "kernel log: %s", strerror(errno));
		free(text);
		return NULL;
	}
	text[len] = '\0';
	return text;
}
