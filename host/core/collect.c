// SPDX-License-Identifier: GPL-2.0
#include "collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "vm_results.h"

#define MOST_DEPTH 3

struct walk {
	const char *to;
	uint64_t most;
	struct collected *sum;
};

static void leave(struct walk *w, const char *name, const char *why)
{
	if (!w->sum->others++)
		snprintf(w->sum->left_out, sizeof(w->sum->left_out), "%.180s: %s",
			 results_printable(name) ? name : "?", why);
}

/* Why the file is left, or NULL. */
static const char *obstacle(const struct walk *w, const char *name, const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "no plain file";
	if (!results_welcomes(name))
		return "not a name that a run's folder takes (.json, .txt, .log, .csv and the like)";
	if (w->sum->files >= COLLECT_FILES_MAX)
		return "too many files";
	return (uint64_t)st->st_size > w->most - w->sum->bytes ? "too large" : NULL;
}

/* The folders above a file, made where they aren't there. */
static void make_folders(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0777);
		*slash = '/';
	}
}

/* No more than it had when its size was looked at, whoever still writes to it. */
static int copy(int from, const char *to, uint64_t size, struct error *err)
{
	CLEANUP_CLOSE int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ssize_t n = fd < 0 ? -1 : 1;

	for (uint64_t left = size; n > 0 && left; left -= n)
		n = sendfile(fd, from, NULL, left);
	return n < 0 ? error_set(err, errno, "%s: %s", to, strerror(errno)) : 0;
}

static int take_file(struct walk *w, int dir, const char *leaf, const char *name, struct error *err)
{
	/* not blocking: a pipe of nobody's must not hold us */
	CLEANUP_CLOSE int fd = openat(dir, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char path[PATH_MAX];
	struct stat st;
	const char *why;

	if (fd < 0 || fstat(fd, &st))
		return leave(w, name, "no plain file"), 0;
	why = obstacle(w, name, &st);
	if (why)
		return leave(w, name, why), 0;
	if (snprintf(path, sizeof(path), "%s/%s", w->to, name) >= (int)sizeof(path))
		return leave(w, name, "too long a name"), 0;
	make_folders(path);
	w->sum->files++;
	w->sum->bytes += st.st_size;
	return copy(fd, path, st.st_size, err);
}

static int walk_folder(struct walk *w, int fd, const char *above, unsigned int depth,
		       struct error *err)
{
	DIR *dir = fdopendir(fd);
	struct dirent *d;
	int ret = 0;

	while (dir && !ret && (d = readdir(dir))) {
		char name[PATH_MAX];
		int below;

		if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
		    snprintf(name, sizeof(name), "%s%s%s", above, *above ? "/" : "", d->d_name) >=
			    (int)sizeof(name))
			continue;
		below = openat(dirfd(dir), d->d_name,
			       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			ret = take_file(w, dirfd(dir), d->d_name, name, err);
		else if (depth < MOST_DEPTH)
			ret = walk_folder(w, below, name, depth + 1, err);
		else
			leave(w, name, "too deep"), close(below);
	}
	if (dir)
		closedir(dir);
	else
		close(fd);
	return ret;
}

int collect_folder(const char *from, const char *to, uint64_t most, struct collected *collected,
		   struct error *err)
{
	struct walk w = {.to = to, .most = most, .sum = collected};
	int fd = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	memset(collected, 0, sizeof(*collected));
	return fd < 0 ? error_set(err, errno, "%s: %s", from, strerror(errno)) :
			walk_folder(&w, fd, "", 0, err);
}
