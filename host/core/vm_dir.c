// SPDX-License-Identifier: GPL-2.0
#include "vm_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"

/* A folder gets the second name once it is locked: one of that name without a lock has lost its owner. */
#define FRESH "memlua-new."
#define USED "memlua-vm."

/*
 * Unix sockets have short addresses, QEMU's options end at a comma, the kernel's words at a blank, and
 * virtiofsd gets a /run of its own.
 */
static bool suits(const char *path)
{
	return *path == '/' && strlen(path) < 64 && !strpbrk(path, ", \t\n\"\\") &&
	       strncmp(path, "/run", 4) && strncmp(path, "/var/run", 8);
}

static const char *temporary_folder(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && suits(tmp) ? tmp : "/tmp";
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

void vm_dir_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* --- those that were left --- */

static bool is_ours(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static bool is_unlocked(const char *path)
{
	char lock[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;

	snprintf(lock, sizeof(lock), "%s/lock", path);
	fd = open(lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB);
}

/* "root" is where a VM's virtiofsd mounts / for itself: what can't be removed as an empty folder is left alone. */
static bool is_unmounted(const char *path)
{
	char root[PATH_MAX];

	snprintf(root, sizeof(root), "%s/root", path);
	return !rmdir(root) || errno == ENOENT;
}

static void sweep(const char *tmp)
{
	char pattern[PATH_MAX];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/" USED "*", tmp);
	if (glob(pattern, GLOB_NOSORT, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];

		if (is_ours(path) && is_unlocked(path) && is_unmounted(path))
			vm_dir_remove(path);
	}
	globfree(&found);
}

/* --- a new one --- */

static int lock_in(const char *dir)
{
	char path[PATH_MAX + 8];
	int fd;

	snprintf(path, sizeof(path), "%s/lock", dir);
	fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		flock(fd, LOCK_EX);
	return fd;
}

int vm_dir_make(char *path, size_t size, struct error *err)
{
	const char *tmp = temporary_folder();
	char fresh[PATH_MAX];
	int fd;

	sweep(tmp);
	snprintf(fresh, sizeof(fresh), "%s/" FRESH "XXXXXX", tmp);
	if (!mkdtemp(fresh)) {
		return error_set(err, errno, "%s: %s; TMPDIR may name a folder that can be written", fresh,
				 strerror(errno));
	}
	snprintf(path, size, "%s/" USED "%s", tmp, strrchr(fresh, '.') + 1);
	fd = lock_in(fresh);
	if (fd < 0 || rename(fresh, path)) {
		error_set(err, errno, "%s: %s", fresh, strerror(errno));
		vm_dir_remove(fresh);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}
