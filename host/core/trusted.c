// SPDX-License-Identifier: GPL-2.0
#include "trusted.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "error.h"
#include "guest.h"

enum { MAX_LINKS = 40 }; /* as many as the kernel follows */

/* How far a path has been followed. */
struct walk {
	char seen[PATH_MAX]; /* without links; "" is the root */
	bool shared;         /* others may add to that folder, though not change what is there */
	int links;
	struct error *err;
};

/* --- whom to trust --- */

static bool owns(uid_t uid, const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_uid == uid;
}

static bool called_by_sudo(uid_t uid)
{
	const char *caller = getenv("SUDO_UID");

	return caller && *caller && strtoul(caller, NULL, 10) == uid;
}

static bool is_trusted(uid_t uid)
{
	return uid == 0 || owns(uid, "/") || owns(uid, "/proc/self/exe") || called_by_sudo(uid);
}

/* Of the owner's name and with nobody else in it, as distributions give each user one. */
static bool is_private_group(gid_t gid, uid_t owner)
{
	struct passwd *user = getpwuid(owner);
	struct group *group = user && user->pw_gid == gid ? getgrgid(gid) : NULL;

	return group && !strcmp(group->gr_name, user->pw_name) && !group->gr_mem[0];
}

/* With an access control list the group's bits are the most that the list gives to anybody. */
static bool others_write(const char *path, const struct stat *st)
{
	if (st->st_mode & S_IWOTH)
		return true;
	if (!(st->st_mode & S_IWGRP))
		return false;
	return (st->st_gid != 0 && !is_private_group(st->st_gid, st->st_uid)) ||
	       getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

/* --- following a path --- */

static int refuse_owner(struct walk *w, const char *path, uid_t uid)
{
	struct passwd *user = getpwuid(uid);

	return error_set(w->err, EPERM,
			 "%s belongs to %s; run it as that user, or copy it to a folder of root's",
			 path, user ? user->pw_name : "nobody known");
}

static int look_at(struct walk *w, const char *path, const struct stat *st)
{
	if (!is_trusted(st->st_uid))
		return refuse_owner(w, path, st->st_uid);
	w->shared = false;
	if (S_ISLNK(st->st_mode) || !others_write(path, st))
		return 0;
	if (!S_ISDIR(st->st_mode) || !(st->st_mode & S_ISVTX))
		return error_set(
			w->err, EPERM,
			"others may write to %s; take that right from them, or copy it to a folder of "
			"root's",
			path);
	w->shared = true;
	return 0;
}

static int follow(struct walk *w, const char *path);

static int follow_link(struct walk *w, const char *link)
{
	char target[PATH_MAX];
	ssize_t len = readlink(link, target, sizeof(target) - 1);

	if (len < 0 || ++w->links > MAX_LINKS)
		return error_set(w->err, len < 0 ? errno : ELOOP, "%s: %s", link,
				 strerror(len < 0 ? errno : ELOOP));
	target[len] = '\0';
	return follow(w, target);
}

static int leave_folder(struct walk *w)
{
	char *slash = strrchr(w->seen, '/');
	struct stat st;

	if (slash)
		*slash = '\0';
	if (lstat(*w->seen ? w->seen : "/", &st))
		return error_set(w->err, errno, "%s/: %s", w->seen, strerror(errno));
	return look_at(w, *w->seen ? w->seen : "/", &st);
}

/* Return: 1 where nothing is there any more. */
static int enter(struct walk *w, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int code;

	if (!*name || !strcmp(name, "."))
		return 0;
	if (!strcmp(name, ".."))
		return leave_folder(w);
	if (snprintf(path, sizeof(path), "%s/%s", w->seen, name) >= (int)sizeof(path))
		return error_set(w->err, ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
	if (lstat(path, &st)) {
		code = errno; /* who may add to the folder may make it in the meantime */
		if (w->shared || (code != ENOENT && code != ENOTDIR))
			return error_set(w->err, code, "%s: %s", path, strerror(code));
		return 1;
	}
	if (look_at(w, path, &st))
		return -1;
	if (S_ISLNK(st.st_mode))
		return follow_link(w, path);
	strcpy(w->seen, path);
	return 0;
}

static int follow(struct walk *w, const char *path)
{
	char copy[PATH_MAX], *rest = copy, *name;
	int ret = 0;

	if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy))
		return error_set(w->err, ENAMETOOLONG, "%s", strerror(ENAMETOOLONG));
	if (*path == '/')
		*w->seen = '\0';
	while (!ret && (name = strsep(&rest, "/")))
		ret = enter(w, name);
	return ret;
}

static int check(const char *path, bool folder, struct error *err)
{
	struct walk w = {.err = err};
	char cwd[PATH_MAX];
	int ret;

	if (geteuid() != 0 || guest_active())
		return 0;
	if (*path != '/' && !getcwd(cwd, sizeof(cwd)))
		return error_set(err, errno, "%s: the working folder: %s", path, strerror(errno));
	ret = *path == '/' ? 0 : follow(&w, cwd);
	if (ret >= 0)
		ret = follow(&w, path);
	if (ret >= 0 && folder && w.shared)
		ret = error_set(err, EPERM, "others may write to %s; name a folder of root's",
				w.seen);
	return ret < 0 ? error_prefix(err, "%s: not as root", path) : 0;
}

int trusted_file(const char *path, struct error *err)
{
	return check(path, false, err);
}

int trusted_folder(const char *path, struct error *err)
{
	return check(path, true, err);
}
