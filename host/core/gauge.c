// SPDX-License-Identifier: GPL-2.0
#include "gauge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"

int gauge_open(struct gauge *g, const struct cgroup *cg, struct error *err)
{
	*g = (struct gauge){-1, -1};
	g->usage = openat(cgroup_fd(cg), "memory.current", O_RDONLY | O_CLOEXEC);
	if (g->usage < 0)
		return error_set(err, errno, "%s: memory.current: %s", cgroup_name(cg),
				 strerror(errno));
	g->pressure = openat(cgroup_fd(cg), "memory.pressure", O_RDONLY | O_CLOEXEC);
	return 0;
}

/* Return: false when nothing is read. */
static bool read_text(int fd, char *text, size_t size)
{
	ssize_t len = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

	if (len <= 0)
		return false;
	text[len] = '\0';
	return true;
}

int gauge_read(const struct gauge *g, uint64_t *usage, int64_t *stalled_us, struct error *err)
{
	char text[256];

	if (!read_text(g->usage, text, sizeof(text)))
		return error_set(err, errno, "memory.current: %s", strerror(errno));
	if (sscanf(text, "%" SCNu64, usage) != 1)
		return error_set(err, EPROTO, "memory.current: \"%.40s\": not a number", text);
	/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" comes first (Documentation/accounting/psi.rst) */
	if (!read_text(g->pressure, text, sizeof(text)) ||
	    sscanf(text, "some avg10=%*f avg60=%*f avg300=%*f total=%" SCNd64, stalled_us) != 1)
		*stalled_us = -1;
	return 0;
}

void gauge_close(struct gauge *g)
{
	if (g->usage >= 0)
		close(g->usage);
	if (g->pressure >= 0)
		close(g->pressure);
	*g = (struct gauge){-1, -1};
}
