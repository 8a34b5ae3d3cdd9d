// SPDX-License-Identifier: GPL-2.0
#include "scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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
#include "notice.h"
#include "own.h"

/*
 * For a VM: Unix sockets have short addresses, QEMU's options end at a comma, the kernel's words at a blank, and
 * virtiofsd gets a /run of its own.
 */
static bool suits_vm(const char *path)
{
	return strlen(path) < 64 && !strpbrk(path, ", \t\n\"\\") && strncmp(path, "/run", 4) &&
	       strncmp(path, "/var/run", 8);
}

static const char *temporary_folder(const char *prefix)
{
	const char *tmp = getenv("TMPDIR");
	bool suits = tmp && *tmp == '/' && strlen(tmp) < PATH_MAX / 2 &&
		     (strcmp(prefix, SCRATCH_VM) || suits_vm(tmp));

	return suits ? tmp : "/tmp";
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

void scratch_remove(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* --- those that were left --- */

static bool is_ours(int dir)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_uid == geteuid();
}

/* "root" is where a VM's virtiofsd mounts / for itself: what can't be removed as an empty folder is left alone. */
static bool is_unmounted(int dir)
{
	return !unlinkat(dir, "root", AT_REMOVEDIR) || errno == ENOENT;
}

static void sweep_one(const char *tmp, int parent, const char *name)
{
	CLEANUP_CLOSE int owned = own_take(parent, name, LOCK_EX | LOCK_NB);
	char path[PATH_MAX];

	if (owned < 0 || !is_ours(owned) || !is_unmounted(owned))
		return;
	snprintf(path, sizeof(path), "%s/%s", tmp, name);
	scratch_remove(path);
	notice("removed %s, which a killed memlua left", path);
}

static void sweep(const char *tmp)
{
	DIR *entries = opendir(tmp);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (own_is_name(entry->d_name, SCRATCH_VM) ||
		    own_is_name(entry->d_name, SCRATCH_FILES))
			sweep_one(tmp, dirfd(entries), entry->d_name);
	if (entries)
		closedir(entries);
}

/* Not where microVMs have theirs if that is another: in a microVM those in /tmp are the machine's. */
void scratch_sweep(void)
{
	sweep(temporary_folder(SCRATCH_FILES));
}

/* --- a new one --- */

int scratch_make(const char *prefix, char *path, size_t size, struct error *err)
{
	const char *tmp = temporary_folder(prefix);
	CLEANUP_CLOSE int parent = open(tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[64];
	int dir;

	sweep(tmp);
	dir = own_make(parent, prefix, 0700, name, sizeof(name));
	if (dir < 0)
		return error_set(err, errno, "%s: %s; TMPDIR may name a folder that can be written",
				 tmp, strerror(errno));
	snprintf(path, size, "%s/%s", tmp, name);
	return dir;
}
