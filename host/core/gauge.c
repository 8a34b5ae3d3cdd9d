// SPDX-License-Identifier: GPL-2.0
#include "gauge.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "error.h"

/* By enum gauge_file. */
static const char *const names[GAUGE_FILES] = {"memory.current", "memory.pressure", "cpu.stat",
					       "cpu.pressure",   "io.stat",         "io.pressure"};

void gauge_init(struct gauge *g)
{
	for (int i = 0; i < GAUGE_FILES; i++)
		g->fd[i] = -1;
}

int gauge_open(struct gauge *g, const struct cgroup *cg, struct error *err)
{
	gauge_init(g);
	for (int i = 0; i < GAUGE_FILES; i++) {
		g->fd[i] = openat(cgroup_fd(cg), names[i], O_RDONLY | O_CLOEXEC);
		if (g->fd[i] < 0 && i == GAUGE_MEMORY)
			return error_set(err, errno, "%s: memory.current: %s", cgroup_name(cg),
					 strerror(errno));
	}
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

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" comes first (Documentation/accounting/psi.rst). */
static int64_t read_stalled(int fd)
{
	char text[256];
	int64_t total;

	if (!read_text(fd, text, sizeof(text)) ||
	    sscanf(text, "some avg10=%*f avg60=%*f avg300=%*f total=%" SCNd64, &total) != 1)
		return -1;
	return total;
}

int gauge_read(const struct gauge *g, uint64_t *usage, int64_t *stalled_us, struct error *err)
{
	char text[32];

	if (!read_text(g->fd[GAUGE_MEMORY], text, sizeof(text)))
		return error_set(err, errno, "memory.current: %s", strerror(errno));
	if (sscanf(text, "%" SCNu64, usage) != 1)
		return error_set(err, EPROTO, "memory.current: \"%.40s\": not a number", text);
	*stalled_us = read_stalled(g->fd[GAUGE_MEMORY_PRESSURE]);
	return 0;
}

/* "usage_usec N" comes first (Documentation/admin-guide/cgroup-v2.rst). */
static int64_t read_cpu(int fd)
{
	char text[64];
	int64_t us;

	return read_text(fd, text, sizeof(text)) && sscanf(text, "usage_usec %" SCNd64, &us) == 1 ?
		       us :
		       -1;
}

/* The sum of "key=N" over the lines of all devices; none is there before the first request. */
static int64_t sum_of(const char *text, const char *key)
{
	int64_t sum = 0;

	while ((text = strstr(text, key))) {
		text += strlen(key);
		sum += strtoll(text, NULL, 10);
	}
	return sum;
}

void gauge_load(const struct gauge *g, struct gauge_load *load)
{
	char text[4096]; /* some 70 bytes a device */
	ssize_t len = g->fd[GAUGE_IO] < 0 ? -1 : pread(g->fd[GAUGE_IO], text, sizeof(text) - 1, 0);

	load->cpu_us = read_cpu(g->fd[GAUGE_CPU]);
	load->cpu_stalled_us = read_stalled(g->fd[GAUGE_CPU_PRESSURE]);
	load->io_stalled_us = read_stalled(g->fd[GAUGE_IO_PRESSURE]);
	load->read_bytes = load->written_bytes = -1;
	if (len < 0)
		return;
	text[len] = '\0';
	load->read_bytes = sum_of(text, " rbytes=");
	load->written_bytes = sum_of(text, " wbytes=");
}

void gauge_close(struct gauge *g)
{
	for (int i = 0; i < GAUGE_FILES; i++)
		if (g->fd[i] >= 0)
			close(g->fd[i]);
	gauge_init(g);
}
