// SPDX-License-Identifier: GPL-2.0
#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"

enum { OWN_DESCRIPTORS = 1024 }; /* as many as are searched for the one that a link leads to */

int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= n;
	}
	return 0;
}

/* Which of our descriptors it is, as /dev/stdout and /dev/fd/63 are; -1: none that can be written to. */
static int own_descriptor(const struct stat *st)
{
	for (int fd = STDOUT_FILENO; fd < OWN_DESCRIPTORS; fd++) {
		struct stat own;

		if (!fstat(fd, &own) && own.st_dev == st->st_dev && own.st_ino == st->st_ino &&
		    (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
			return fd;
	}
	return -1;
}

/* What stands in our buffer for it comes first. */
static int write_descriptor(int fd, const char *path, const void *data, size_t size,
			    struct error *err)
{
	fflush(stdout);
	if (write_all(fd, data, size))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int write_device(const char *path, const void *data, size_t size, struct error *err)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write_all(fd, data, size))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

static int write_synced(const char *path, const void *data, size_t size)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 || write_all(fd, data, size) || fsync(fd) ? -1 : 0;
}

int save_file(const char *path, const void *data, size_t size, struct error *err)
{
	CLEANUP_FREE char *beside = NULL;
	char machine[HOST_NAME_MAX + 1] = "";
	struct stat st = {0}, target;
	int code, fd;

	if (!lstat(path, &st) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return write_device(path, data, size, err);
	fd = S_ISLNK(st.st_mode) && !stat(path, &target) ? own_descriptor(&target) : -1;
	if (fd >= 0)
		return write_descriptor(fd, path, data, size, err);
	gethostname(machine, HOST_NAME_MAX); /* several may write into one shared folder */
	if (asprintf(&beside, "%s.%s.%d.new", path, machine, getpid()) < 0) {
		beside = NULL;
		return error_set(err, ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	unlink(beside); /* of a process that had our pid and did not come to its end */
	if (!write_synced(beside, data, size) && !rename(beside, path))
		return 0;
	code = errno;
	unlink(beside);
	return error_set(err, code, "%s: %s", path, strerror(code));
}
