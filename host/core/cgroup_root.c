// SPDX-License-Identifier: GPL-2.0
/* Where cgroup v2 is mounted, what of it is ours to use, and memlua's own root below that. */
#include "cgroup_root.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroup.h"
#include "cgroup_fs.h"
#include "cleanup.h"
#include "error.h"

#define LEAF_FORMAT "memlua-%d-supervisor"

static struct {
	pid_t owner;   /* who made it: a forked child must not tear it down */
	int base, dir; /* descriptors of the base and of our root in it */
	char *base_path, *path;
	unsigned int newly; /* controllers that we enabled in the base */
	bool in_leaf;       /* the supervisor was moved out of the base */
} root = {.base = -1, .dir = -1};

/* --- the cgroup v2 mount --- */

static bool has_memory(const char *path)
{
	CLEANUP_CLOSE int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_FREE char *list = dir < 0 ? NULL : cgroupfs_read(dir, "cgroup.controllers");

	return list && cgroupfs_has_word(list, "memory");
}

char *cgroup_mount(struct error *err)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char *path = NULL;
	struct mntent *m;
	bool found = false;

	if (!mounts) {
		error_set(err, errno, "/proc/self/mounts: %s; is /proc mounted?", strerror(errno));
		return NULL;
	}
	while (!found && (m = getmntent(mounts))) {
		if (strcmp(m->mnt_type, "cgroup2"))
			continue;
		free(path);
		path = strdup(m->mnt_dir);
		found = path && has_memory(path);
	}
	endmntent(mounts);
	if (found)
		return path;
	if (path)
		error_set(err, ENOTSUP,
			  "cgroup v2 at %s has no memory controller (cgroup v1 has it, or it is not "
			  "delegated); boot with cgroup_no_v1=all systemd.unified_cgroup_hierarchy=1, or "
			  "use the microVM (--vm)",
			  path);
	else
		error_set(err, ENOTSUP,
			  "cgroup v2 is not mounted; mount it with \"mount -t cgroup2 none "
			  "/sys/fs/cgroup\", or use the microVM (--vm)");
	free(path);
	return NULL;
}

/* --- the base: the part of the hierarchy that we may use --- */

/* The caller's cgroup, "0::/user.slice/...", below the mount. */
static char *own_cgroup(const char *mount, struct error *err)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	CLEANUP_FREE char *line = NULL;
	char *path = NULL;
	size_t room = 0;

	while (file && !path && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "0::/", 4) && asprintf(&path, "%s%s", mount, line + 3) < 0)
			path = NULL;
	}
	if (file)
		fclose(file);
	if (!path)
		error_set(err, ENOTSUP, "/proc/self/cgroup: no cgroup v2 entry");
	return path;
}

static int no_permission(const char *path, const char *what, int code, struct error *err)
{
	return error_set(
		err, code,
		"%s: %s: %s; run as root, or where a cgroup is delegated (systemd-run --user "
		"--scope -p Delegate=yes memlua ...), or use the microVM (--vm)",
		path, what, strerror(code));
}

/* Only a cgroup without processes may hand out controllers: get out of the way of ourselves. */
static int move_to_leaf(struct error *err)
{
	char leaf[64], file[96], pid[16];

	snprintf(leaf, sizeof(leaf), LEAF_FORMAT, root.owner);
	snprintf(file, sizeof(file), "%s/cgroup.procs", leaf);
	snprintf(pid, sizeof(pid), "%d", root.owner);
	if (mkdirat(root.base, leaf, 0755) && errno != EEXIST)
		return no_permission(root.base_path, leaf, errno, err);
	if (cgroupfs_write(root.base, file, pid)) {
		int code = errno;

		unlinkat(root.base, leaf, AT_REMOVEDIR);
		return no_permission(root.base_path, "moving the supervisor into a leaf", code,
				     err);
	}
	root.in_leaf = true;
	return 0;
}

static void move_back(void)
{
	char leaf[64], pid[16];

	if (!root.in_leaf)
		return;
	snprintf(leaf, sizeof(leaf), LEAF_FORMAT, root.owner);
	snprintf(pid, sizeof(pid), "%d", root.owner);
	cgroupfs_write(root.base, "cgroup.procs", pid);
	unlinkat(root.base, leaf, AT_REMOVEDIR);
	root.in_leaf = false;
}

static int enable_in_base(struct error *err)
{
	struct error first;

	first.code = 0;
	if (!cgroupfs_enable(root.base, root.base_path, &root.newly, &first))
		return 0;
	if (first.code == EBUSY) {
		if (move_to_leaf(err))
			return -1;
		return cgroupfs_enable(root.base, root.base_path, &root.newly, err);
	}
	if (first.code == EACCES || first.code == EPERM || first.code == EROFS)
		return no_permission(root.base_path, "cgroup.subtree_control", first.code, err);
	return error_set(err, first.code, "%s", first.text);
}

static int open_base(struct error *err)
{
	CLEANUP_FREE char *mount = cgroup_mount(err);

	if (!mount)
		return -1;
	root.base_path = geteuid() == 0 ? strdup(mount) : own_cgroup(mount, err);
	if (!root.base_path)
		return -1;
	root.base = open(root.base_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.base < 0)
		return error_set(err, errno, "%s: %s", root.base_path, strerror(errno));
	return enable_in_base(err);
}

/* --- the root --- */

static void forget_root(void)
{
	if (root.dir >= 0)
		close(root.dir);
	if (root.base >= 0)
		close(root.base);
	free(root.base_path);
	free(root.path);
	memset(&root, 0, sizeof(root));
	root.base = root.dir = -1;
}

static void leave_base(void)
{
	if (root.base < 0)
		return;
	cgroupfs_disable(root.base, root.newly); /* first: while it hands any out, nobody gets in */
	move_back();
}

/* At exit, so that also os.exit() leaves nothing behind. */
static void tear_down(void)
{
	struct error err;
	struct stat st;

	if (root.dir < 0 || root.owner != getpid())
		return;
	if (!fstat(root.dir, &st) &&
	    cgroupfs_remove(root.base, strrchr(root.path, '/') + 1, st.st_ino, root.path, &err))
		fprintf(stderr, "memlua: %s\n", err.text);
	leave_base();
	forget_root();
}

/* A directory of this name is a leftover: the process that had our pid is gone. */
static int remove_leftover(const char *name, struct error *err)
{
	struct stat st;

	if (fstatat(root.base, name, &st, 0))
		return 0;
	return cgroupfs_remove(root.base, name, st.st_ino, name, err);
}

static int make_root(struct error *err)
{
	char name[32];

	snprintf(name, sizeof(name), "memlua-%d", root.owner);
	if (remove_leftover(name, err))
		return -1;
	if (mkdirat(root.base, name, 0755))
		return no_permission(root.base_path, name, errno, err);
	root.dir = openat(root.base, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root.dir < 0 || asprintf(&root.path, "%s/%s", root.base_path, name) < 0) {
		error_set(err, errno, "%s/%s: %s", root.base_path, name, strerror(errno));
		root.path = NULL;
		unlinkat(root.base, name, AT_REMOVEDIR);
		return -1;
	}
	return 0;
}

int cgroup_root_dir(struct error *err)
{
	static bool at_exit;

	if (root.dir >= 0 && root.owner == getpid())
		return root.dir;
	forget_root();
	root.owner = getpid();
	if (open_base(err) || make_root(err)) {
		leave_base();
		forget_root();
		return -1;
	}
	if (!at_exit)
		atexit(tear_down);
	at_exit = true;
	return root.dir;
}

const char *cgroup_root(struct error *err)
{
	return cgroup_root_dir(err) < 0 ? NULL : root.path;
}
