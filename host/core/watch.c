// SPDX-License-Identifier: GPL-2.0
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "interrupt.h"

/* kernfs tells of a change once it differs from what was read last. */
static void take(int fd)
{
	char text[4096];

	if (lseek(fd, 0, SEEK_SET) == 0)
		while (read(fd, text, sizeof(text)) > 0)
			;
}

int watch_open(const char *path, const char *trigger, struct error *err)
{
	int fd = open(path, (trigger ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	int code;

	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (trigger && write(fd, trigger, strlen(trigger) + 1) < 0) {
		code = errno;
		close(fd);
		return error_set(err, code, "%s: \"%s\": %s", path, trigger, strerror(code));
	}
	take(fd);
	return fd;
}

/* How long this process was able to run and had no CPU; 0 where the kernel doesn't count that. */
static uint64_t cpu_wait_ns(void)
{
	static int fd = -1;
	unsigned long long wait;
	char text[128];
	ssize_t len;

	if (fd < 0)
		fd = open("/proc/self/schedstat", O_RDONLY | O_CLOEXEC);
	len = pread(fd, text, sizeof(text) - 1, 0);
	if (len <= 0)
		return 0;
	text[len] = '\0';
	return sscanf(text, "%*u %llu", &wait) == 1 ? wait : 0;
}

/* Return: as interrupt_poll(), errno too, whatever reading the clocks does to it; @woken as above. */
static int poll_woken(struct pollfd *polled, size_t n, uint64_t deadline, uint64_t *woken)
{
	static uint64_t last; /* when the wait before this one ended */
	int ready = poll(polled, n, 0), failure = errno;
	uint64_t waited;

	*woken = last ? last : clock_ns();
	if (ready <= 0) {
		waited = cpu_wait_ns();
		ready = interrupt_poll(polled, n, deadline);
		failure = errno;
		*woken = clock_ns() - (cpu_wait_ns() - waited);
	}
	last = clock_ns();
	errno = failure;
	return ready;
}

int watch_wait(const int *fds, bool *fired, size_t n, uint64_t deadline, uint64_t *woken,
	       struct error *err)
{
	CLEANUP_FREE struct pollfd *polled = calloc(n + 1, sizeof(*polled));
	int ready;

	if (!polled)
		return error_set(err, ENOMEM, "watch.wait: %s", strerror(ENOMEM));
	if (memlua_interrupted)
		return error_set(err, EINTR, "interrupted");
	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLPRI};
	ready = poll_woken(polled, n, deadline, woken);
	if (ready < 0)
		return error_set(err, errno, errno == EINTR ? "interrupted" : "watch.wait: %s",
				 strerror(errno));
	for (size_t i = 0; i < n; i++) {
		fired[i] = polled[i].revents;
		if (fired[i])
			take(fds[i]);
	}
	return ready;
}
