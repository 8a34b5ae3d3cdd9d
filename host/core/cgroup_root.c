// SPDX-License-Identifier: GPL-2.0
/* Where cgroup v2 is mounted, what of it is ours to use, and memlua's own root below that. */
#include "cgroup_root.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "cgroup_fs.h"
#include "cleanup.h"
#include "error.h"
#include "notice.h"
#include "own.h"
#include "scratch.h"

#define ROOT "memlua-"
#define LEAF "memlua-supervisor-"

static struct {
	pid_t owner; /* who made it: a forked child must not tear it down */
	/* descriptors of the base and, in it, of our root and where the supervisor went */
	int base, dir, leaf;
	char *base_path, *path;
	char leaf_name[64];
	unsigned int newly; /* controllers that we enabled in the base */
} root = {.base = -1, .dir = -1, .leaf = -1};

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
		error_set(
			err, ENOTSUP,
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

static int move_self(int dir)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", root.owner);
	return cgroupfs_write(dir, "cgroup.procs", pid);
}

/* Only a cgroup without processes may hand out controllers: get out of the way of ourselves. */
static int move_to_leaf(struct error *err)
{
	int code;

	root.leaf = own_make(root.base, LEAF, 0755, root.leaf_name, sizeof(root.leaf_name));
	if (root.leaf < 0)
		return no_permission(root.base_path, "making a leaf for the supervisor", errno,
				     err);
	if (!move_self(root.leaf))
		return 0;
	code = errno;
	unlinkat(root.base, root.leaf_name, AT_REMOVEDIR);
	close(root.leaf);
	root.leaf = -1;
	return no_permission(root.base_path, "moving the supervisor into a leaf", code, err);
}

static void move_back(void)
{
	if (root.leaf < 0)
		return;
	move_self(root.base);
	unlinkat(root.base, root.leaf_name, AT_REMOVEDIR);
	close(root.leaf);
	root.leaf = -1;
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

/* Sets root.base and root.base_path. */
static int find_base(struct error *err)
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
	return 0;
}

/* --- what killed memluas left --- */

static unsigned long count_processes(int dir)
{
	CLEANUP_FREE char *current = cgroupfs_read(dir, "pids.current");

	return current ? strtoul(current, NULL, 10) : 0;
}

static void sweep_root(int base, const char *name, int dir)
{
	unsigned long processes = count_processes(dir);
	struct error err;
	struct stat st;

	if (fstat(dir, &st))
		return;
	if (cgroupfs_remove(base, name, st.st_ino, name, &err))
		notice("what a killed memlua left: %s", err.text);
	else if (processes)
		notice("removed the cgroup %s, which a killed memlua left with %lu %s", name,
		       processes, processes == 1 ? "process" : "processes");
	else
		notice("removed the cgroup %s, which a killed memlua left", name);
}

static void sweep_entry(int base, const char *name, int dir)
{
	CLEANUP_CLOSE int owned = -1;

	if (!own_is_name(name, ROOT) && !own_is_name(name, LEAF))
		return;
	owned = own_take(base, name, LOCK_EX | LOCK_NB);
	if (owned < 0)
		return;
	if (own_is_name(name, ROOT))
		sweep_root(base, name, owned);
	else /* not while somebody lives in it: no tenant went there */
		unlinkat(base, name, AT_REMOVEDIR);
}

static void sweep_base(void)
{
	static bool swept;

	if (swept)
		return;
	swept = true;
	cgroupfs_each_child(root.base, sweep_entry);
	scratch_sweep();
}

/* --- the root --- */

static void close_dirs(void)
{
	if (root.owner != getpid())
		return; /* a child has closed what it inherited, and the numbers may be others' by now */
	if (root.dir >= 0)
		close(root.dir);
	if (root.leaf >= 0)
		close(root.leaf);
	if (root.base >= 0)
		close(root.base);
}

static void forget_root(void)
{
	close_dirs();
	free(root.base_path);
	free(root.path);
	memset(&root, 0, sizeof(root));
	root.base = root.dir = root.leaf = -1;
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

static int make_root(struct error *err)
{
	char name[64];

	root.dir = own_make(root.base, ROOT, 0755, name, sizeof(name));
	if (root.dir < 0)
		return no_permission(root.base_path, "making memlua's root", errno, err);
	if (asprintf(&root.path, "%s/%s", root.base_path, name) < 0) {
		root.path = NULL;
		unlinkat(root.base, name, AT_REMOVEDIR);
		return error_set(err, ENOMEM, "%s/%s: %s", root.base_path, name, strerror(ENOMEM));
	}
	return 0;
}

/* A base without a root is not kept: a process without a root of its own leaves no trace. */
void cgroup_sweep(void)
{
	if (root.dir >= 0) /* done when it was made */
		return;
	forget_root();
	root.owner = getpid();
	if (!find_base(NULL))
		sweep_base();
	forget_root();
}

int cgroup_root_dir(struct error *err)
{
	static bool at_exit;

	if (root.dir >= 0 && root.owner == getpid())
		return root.dir;
	forget_root();
	root.owner = getpid();
	if (find_base(err)) {
		forget_root();
		return -1;
	}
	sweep_base();
	if (enable_in_base(err) || make_root(err)) {
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
