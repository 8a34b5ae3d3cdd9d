// SPDX-License-Identifier: GPL-2.0
#include "worker_child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void worker_sample(struct worker_shared *s, uint64_t now, uint64_t bytes)
{
	s->last.ns = now;
	s->last.bytes = bytes;
	if (++s->skipped < s->stride)
		return;
	s->skipped = 0;
	if (s->nsamples == WORKER_SAMPLES) {
		for (size_t i = 0; i < WORKER_SAMPLES / 2; i++)
			s->samples[i] = s->samples[2 * i];
		s->nsamples = WORKER_SAMPLES / 2;
		s->stride *= 2;
	}
	s->samples[s->nsamples] = s->last;
	s->nsamples++;
}

uint64_t worker_chunk_done(struct worker_shared *s, uint64_t began, uint64_t bytes)
{
	uint64_t now = clock_ns();

	histogram_add(&s->latency, now - began);
	worker_sample(s, now, bytes);
	return now;
}

void worker_fail(struct worker_shared *s, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof(s->error), fmt, ap);
	va_end(ap);
	s->error_code = code;
	_exit(EXIT_FAILURE);
}

void worker_redirect(const struct worker_spec *spec, struct worker_shared *s)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = STDERR_FILENO; /* standard output is memlua's document */

	if (spec->output)
		out = open(spec->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0)
		worker_fail(s, errno, "%s", spec->output);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		worker_fail(s, errno, "standard streams");
}
