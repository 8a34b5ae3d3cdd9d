// SPDX-License-Identifier: GPL-2.0
#include "own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "cleanup.h"

static int random_name(const char *prefix, char *name, size_t size)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -1;
	number >>= 64 - 4 * OWN_DIGITS;
	snprintf(name, size, "%s%0*llx", prefix, OWN_DIGITS, (unsigned long long)number);
	return 0;
}

bool own_is_name(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(name, prefix, len) && strlen(name + len) == OWN_DIGITS &&
	       strspn(name + len, "0123456789abcdef") == OWN_DIGITS;
}

static int open_dir(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Somebody who took it for a leftover may have removed it before it was locked. */
static bool is_still_there(int parent, const char *name, int dir)
{
	struct stat now, opened;

	return !fstatat(parent, name, &now, AT_SYMLINK_NOFOLLOW) && !fstat(dir, &opened) &&
	       now.st_ino == opened.st_ino && now.st_dev == opened.st_dev;
}

int own_take(int parent, const char *name, int operation)
{
	CLEANUP_CLOSE int dir = open_dir(parent, name);
	int locked;

	if (dir < 0)
		return -1;
	do
		locked = flock(dir, operation);
	while (locked && errno == EINTR);
	if (locked)
		return -1;
	if (!is_still_there(parent, name, dir)) {
		errno = ENOENT;
		return -1;
	}
	return take_fd(&dir);
}

int own_make(int parent, const char *prefix, mode_t mode, char *name, size_t size)
{
	for (;;) {
		int dir;

		if (random_name(prefix, name, size))
			return -1;
		if (mkdirat(parent, name, mode)) {
			if (errno == EEXIST)
				continue;
			return -1;
		}
		dir = own_take(parent, name, LOCK_EX | LOCK_NB);
		/* no locks here: it can't be told from a leftover, and won't be */
		if (dir < 0 && errno != EWOULDBLOCK && errno != ENOENT)
			dir = open_dir(parent, name);
		if (dir >= 0)
			return dir;
		if (errno != EWOULDBLOCK && errno != ENOENT) {
			int code = errno;

			unlinkat(parent, name, AT_REMOVEDIR);
			errno = code;
			return -1;
		}
	}
}
