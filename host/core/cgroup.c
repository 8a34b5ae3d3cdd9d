// SPDX-License-Identifier: GPL-2.0
#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cgroup_fs.h"
#include "cgroup_root.h"
#include "cleanup.h"
#include "error.h"
#include "units.h"

struct cgroup {
	int dir; /* -1 once removed */
	ino_t id;
	bool own;   /* made by us: ours to remove */
	char *name; /* as given */
	char *path; /* absolute */
};

/* --- names --- */

static int check_component(const char *path, const char *name, size_t len, struct error *err)
{
	if (!len)
		return error_set(err, EINVAL,
				 "cgroup name \"%s\": empty, or with an empty part; write it like "
				 "\"session/high\"",
				 path);
	if (len > NAME_MAX)
		return error_set(err, ENAMETOOLONG,
				 "cgroup name \"%.40s...\": a part of it has %zu bytes; at most %d",
				 path, len, NAME_MAX);
	if ((len == 1 && name[0] == '.') || (len == 2 && name[0] == '.' && name[1] == '.'))
		return error_set(err, EINVAL,
				 "cgroup name \"%s\": \"%.*s\" leads elsewhere; write it "
				 "like \"session/high\"",
				 path, (int)len, name);
	return 0;
}

int cgroup_check_name(const char *path, struct error *err)
{
	const char *part = path;

	if (*path == '/')
		return error_set(
			err, EINVAL,
			"cgroup name \"%s\": absolute; names are relative to memlua's own root",
			path);
	for (;;) {
		size_t len = strcspn(part, "/");

		if (check_component(path, part, len, err))
			return -1;
		if (!part[len])
			return 0;
		part += len + 1;
	}
}

/* --- handles --- */

static void free_cgroup(struct cgroup *cg)
{
	if (cg->dir >= 0)
		close(cg->dir);
	free(cg->name);
	free(cg->path);
	free(cg);
}

/* A handle on an open directory, which it owns from now on, also on failure. */
static struct cgroup *new_cgroup(int dir, const char *parent, const char *path, const char *name,
				 struct error *err)
{
	struct cgroup *cg = calloc(1, sizeof(*cg));
	struct stat st;

	if (!cg) {
		close(dir);
		error_set(err, ENOMEM, "%s: %s", name, strerror(ENOMEM));
		return NULL;
	}
	cg->dir = dir;
	cg->name = strdup(name);
	if (asprintf(&cg->path, "%s%s%s", parent, *path ? "/" : "", path) < 0)
		cg->path = NULL;
	if (!cg->name || !cg->path || fstat(dir, &st)) {
		error_set(err, errno, "%s: %s", name, strerror(errno));
		free_cgroup(cg);
		return NULL;
	}
	cg->id = st.st_ino;
	return cg;
}

/* --- create --- */

static int mkdir_error(const char *path, struct error *err)
{
	switch (errno) {
	case EEXIST:
		return error_set(
			err, EEXIST,
			"%s: exists already; every cgroup (tenant) needs a name of its own", path);
	case ENOENT:
		return error_set(err, ENOENT,
				 "%s: its parent does not exist; create \"%.*s\" first", path,
				 (int)(strrchr(path, '/') ? strrchr(path, '/') - path : 0), path);
	case EAGAIN:
		return error_set(err, EAGAIN,
				 "%s: a limit on the number of cgroups above it is reached "
				 "(cgroup.max.descendants, cgroup.max.depth)",
				 path);
	default:
		return error_set(err, errno, "%s: mkdir: %s", path, strerror(errno));
	}
}

static int enable_in_parent(int root, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	CLEANUP_FREE char *parent = slash ? strndup(path, slash - path) : strdup(".");
	CLEANUP_CLOSE int dir =
		openat(root, parent ? parent : "", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return mkdir_error(path, err);
	return cgroupfs_enable(dir, slash ? parent : "memlua's root", NULL, err);
}

/*
 * A cgroup that hands out controllers takes no processes; without children it need not. Not our root,
 * which never takes any: its children come and go with each run.
 */
static void withdraw_from_parent(int root, const char *path)
{
	const char *slash = strrchr(path, '/');
	CLEANUP_FREE char *parent = slash ? strndup(path, slash - path) : NULL;
	CLEANUP_CLOSE int dir = parent ? openat(root, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
					 -1;
	struct stat st;

	if (dir >= 0 && !fstat(dir, &st) && st.st_nlink == 2) /* "." and its name: no children */
		cgroupfs_disable(dir, ~0U);
}

/* The kernel rounds such a limit down to 0 pages and then kills whatever starts. */
static int check_limit(const struct cgroup_knob *knob, struct error *err)
{
	long page = sysconf(_SC_PAGESIZE);
	uint64_t bytes;

	if (strcmp(knob->file, "memory.max") && strcmp(knob->file, "memory.high"))
		return 0;
	if (parse_size(knob->value, &bytes, NULL) || bytes >= (uint64_t)page)
		return 0;
	return error_set(err, EINVAL, "%s = %s: less than one page (%ld bytes)", knob->file,
			 knob->value, page);
}

static int set_knobs(struct cgroup *cg, const struct cgroup_knob *knobs, size_t n,
		     struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (check_limit(&knobs[i], err))
			return error_prefix(err, "%s", cg->name);
		if (cgroup_write(cg, knobs[i].file, knobs[i].value, err))
			return -1;
	}
	return 0;
}

struct cgroup *cgroup_create(const char *path, const struct cgroup_knob *knobs, size_t nknobs,
			     struct error *err)
{
	struct cgroup *cg;
	int root, dir;

	if (cgroup_check_name(path, err))
		return NULL;
	root = cgroup_root_dir(err);
	if (root < 0 || enable_in_parent(root, path, err))
		return NULL;
	if (mkdirat(root, path, 0755)) {
		mkdir_error(path, err);
		return NULL;
	}
	dir = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cg = dir < 0 ? NULL : new_cgroup(dir, cgroup_root(NULL), path, path, err);
	if (cg && !set_knobs(cg, knobs, nknobs, err)) {
		cg->own = true;
		return cg;
	}
	if (dir < 0)
		error_set(err, errno, "%s: %s", path, strerror(errno));
	if (cg)
		free_cgroup(cg);
	unlinkat(root, path, AT_REMOVEDIR);
	withdraw_from_parent(root, path);
	return NULL;
}

/* --- open --- */

/* The part of a path below the mount; also "/system.slice/x.service", as /proc/PID/cgroup says it. */
static const char *below_mount(const char *mount, const char *path)
{
	size_t len = strlen(mount);

	if (!strncmp(path, mount, len) && (path[len] == '/' || !path[len]))
		path += len;
	while (*path == '/')
		path++;
	return path;
}

static int check_memory_cgroup(int dir, const char *path, struct error *err)
{
	struct statfs fs;

	if (fstatfs(dir, &fs) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return error_set(err, EINVAL, "%s: not a cgroup v2 directory", path);
	if (faccessat(dir, "memory.current", F_OK, 0))
		return error_set(
			err, ENOTSUP,
			"%s: has no memory controller; enable it in its parent: echo +memory > "
			"%s/../cgroup.subtree_control",
			path, path);
	return 0;
}

struct cgroup *cgroup_open(const char *path, struct error *err)
{
	CLEANUP_FREE char *mount = cgroup_mount(err);
	const char *relative;
	int top, dir;

	if (!mount)
		return NULL;
	relative = below_mount(mount, path);
	if (cgroup_check_name(relative, err))
		return NULL;
	top = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = top < 0 ? -1 : openat(top, relative, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		error_set(err, errno, "%s: %s; cgroups are looked up below %s", path,
			  errno == ENOENT ? "no such cgroup" : strerror(errno), mount);
	if (top >= 0)
		close(top);
	if (dir < 0)
		return NULL;
	if (check_memory_cgroup(dir, path, err)) {
		close(dir);
		return NULL;
	}
	return new_cgroup(dir, mount, relative, path, err);
}

/* --- end --- */

int cgroup_remove(struct cgroup *cg, struct error *err)
{
	int root;

	if (cg->dir < 0)
		return 0;
	if (!cg->own)
		return error_set(err, EPERM,
				 "%s: opened, not created; memlua removes only what it made",
				 cg->name);
	root = cgroup_root_dir(err);
	if (root < 0 || cgroupfs_remove(root, cg->name, cg->id, cg->name, err))
		return -1;
	withdraw_from_parent(root, cg->name);
	close(cg->dir);
	cg->dir = -1;
	return 0;
}

int cgroup_close(struct cgroup *cg, struct error *err)
{
	int result = cg->own ? cgroup_remove(cg, err) : 0;

	free_cgroup(cg);
	return result;
}

int cgroup_kill(const struct cgroup *cg, struct error *err)
{
	if (cg->dir < 0 || !cgroupfs_kill(cg->dir))
		return 0;
	return error_set(err, errno, "%s: cgroup.kill: %s", cg->name, strerror(errno));
}

/* --- files --- */

static int file_error(const struct cgroup *cg, const char *file, const char *value,
		      struct error *err)
{
	const char *equals = value ? " = " : "", *shown = value ? value : "";
	int code = errno;

	if (cg->dir < 0 || cgroupfs_is_gone(cg->dir))
		return error_set(err, ENODEV, "%s: gone (the cgroup was removed)", cg->name);
	if (code == ENOENT) /* a missing counter is absent, a missing limit is not supported */
		return error_set(err, value ? ENOTSUP : ENOENT,
				 "%s: %s: no such file; this kernel does not have it, or its "
				 "controller is off here",
				 cg->name, file);
	if (code == EINVAL && value && !strncmp(file, "memory.", 7))
		return error_set(err, code,
				 "%s: %s = %s: %s; the kernel takes bytes (K, M, G) or \"max\"",
				 cg->name, file, value, strerror(code));
	return error_set(err, code, "%s: %s%s%s: %s", cg->name, file, equals, shown,
			 strerror(code));
}

static int check_file(const struct cgroup *cg, const char *file, struct error *err)
{
	if (*file && *file != '.' && !strchr(file, '/'))
		return 0;
	return error_set(err, EINVAL,
			 "%s: \"%s\": not the name of a cgroup file, such as memory.max", cg->name,
			 file);
}

char *cgroup_read(const struct cgroup *cg, const char *file, struct error *err)
{
	char *text;

	if (check_file(cg, file, err))
		return NULL;
	text = cgroupfs_read(cg->dir, file);
	if (!text)
		file_error(cg, file, NULL, err);
	return text;
}

int cgroup_write(const struct cgroup *cg, const char *file, const char *value, struct error *err)
{
	if (check_file(cg, file, err))
		return -1;
	return cgroupfs_write(cg->dir, file, value) ? file_error(cg, file, value, err) : 0;
}

/* --- facts --- */

int cgroup_fd(const struct cgroup *cg)
{
	return cg->dir;
}

uint64_t cgroup_id(const struct cgroup *cg)
{
	return cg->id;
}

const char *cgroup_path(const struct cgroup *cg)
{
	return cg->path;
}

const char *cgroup_name(const struct cgroup *cg)
{
	return cg->name;
}
