// SPDX-License-Identifier: GPL-2.0
#include "cgroup_fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "clock.h"
#include "error.h"
#include "keyed.h"

/* How long killed processes may take to go: freeing gigabytes is seconds in an emulated guest. */
#define EMPTY_TIMEOUT_NS (5 * NSEC_PER_SEC)

static const char *const controllers[] = {"memory", "cpu", "pids", "io"};
#define NCONTROLLERS (sizeof(controllers) / sizeof(*controllers))

char *cgroupfs_read(int dir, const char *file)
{
	CLEANUP_CLOSE int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
	CLEANUP_FREE char *text = NULL;
	size_t len = 0, room = 0;
	ssize_t n;
	char *whole;

	if (fd < 0)
		return NULL;
	do {
		if (room - len < 4096) {
			room += 8192;
			whole = realloc(text, room);
			if (!whole)
				return NULL;
			text = whole;
		}
		n = read(fd, text + len, room - len - 1);
		if (n < 0 && errno != EINTR)
			return NULL;
		len += n > 0 ? n : 0;
	} while (n);
	text[len] = '\0';
	whole = text;
	text = NULL;
	return whole;
}

int cgroupfs_write(int dir, const char *file, const char *value)
{
	CLEANUP_CLOSE int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, value, strlen(value));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

bool cgroupfs_count(int dir, const char *file, const char *key, uint64_t *value)
{
	CLEANUP_FREE char *text = cgroupfs_read(dir, file);
	char *cursor = text;
	const char *found;
	uint64_t number;

	while (text && keyed_next(&cursor, &found, &number))
		if (!strcmp(found, key)) {
			*value = number;
			return true;
		}
	return false;
}

bool cgroupfs_is_gone(int dir)
{
	return faccessat(dir, "cgroup.procs", F_OK, 0) != 0;
}

bool cgroupfs_has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; *list; list += strcspn(list, " \n"), list += strspn(list, " \n"))
		if (strcspn(list, " \n") == len && !strncmp(list, word, len))
			return true;
	return false;
}

static int enable_one(int dir, const char *name, const char *controller, struct error *err)
{
	char value[16] = "+";

	strcat(value, controller);
	if (!cgroupfs_write(dir, "cgroup.subtree_control", value))
		return 0;
	if (errno == EBUSY)
		return error_set(
			err, EBUSY,
			"%s: processes live in it, and cgroup v2 lets only a cgroup without "
			"processes hand controllers to its children; create the children first, "
			"and start processes in them only",
			name);
	return error_set(err, errno, "%s: %s to cgroup.subtree_control: %s", name, value,
			 strerror(errno));
}

int cgroupfs_enable(int dir, const char *name, unsigned int *newly, struct error *err)
{
	CLEANUP_FREE char *available = cgroupfs_read(dir, "cgroup.controllers");
	CLEANUP_FREE char *enabled = cgroupfs_read(dir, "cgroup.subtree_control");

	if (!available || !enabled)
		return error_set(err, errno, "%s: cgroup.controllers: %s", name, strerror(errno));
	for (size_t i = 0; i < NCONTROLLERS; i++) {
		bool needed = i == 0;

		if (cgroupfs_has_word(enabled, controllers[i]))
			continue;
		if (!cgroupfs_has_word(available, controllers[i]) && !needed)
			continue;
		if (!enable_one(dir, name, controllers[i], needed ? err : NULL)) {
			if (newly)
				*newly |= 1u << i;
		} else if (needed) {
			return -1;
		}
	}
	return 0;
}

void cgroupfs_disable(int dir, unsigned int newly)
{
	for (size_t i = 0; i < NCONTROLLERS; i++) {
		char value[16] = "-";

		strcat(value, controllers[i]);
		if (newly & (1u << i))
			cgroupfs_write(dir, "cgroup.subtree_control", value);
	}
}

/* --- trees --- */

void cgroupfs_each_child(int dir, void (*visit)(int parent, const char *name, int child))
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!stream) {
		if (copy >= 0)
			close(copy);
		return;
	}
	while ((entry = readdir(stream))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		CLEANUP_CLOSE int child =
			openat(dir, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (child >= 0)
			visit(dir, entry->d_name, child);
	}
	closedir(stream);
}

void (*cgroupfs_before_removal)(ino_t id);

static void announce_removal(int dir)
{
	struct stat st;

	if (cgroupfs_before_removal && !fstat(dir, &st))
		cgroupfs_before_removal(st.st_ino);
}

static void remove_tree(int parent, const char *name, int dir)
{
	cgroupfs_each_child(dir, remove_tree);
	announce_removal(dir);
	unlinkat(parent, name, AT_REMOVEDIR);
}

/* For kernels without cgroup.kill (before 5.14). */
static void kill_tree(int parent, const char *name, int dir)
{
	CLEANUP_FREE char *procs = cgroupfs_read(dir, "cgroup.procs");

	(void)parent;
	(void)name;
	for (char *p = procs; p && *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (atoi(p) > 0)
			kill(atoi(p), SIGKILL);
	cgroupfs_each_child(dir, kill_tree);
}

int cgroupfs_kill(int dir)
{
	int reason;

	if (!cgroupfs_write(dir, "cgroup.kill", "1"))
		return 0;
	reason = errno;
	if (cgroupfs_is_gone(dir))
		return 0;
	errno = reason;
	if (reason != ENOENT)
		return -1;
	kill_tree(-1, NULL, dir);
	return 0;
}

static bool is_populated(int events)
{
	char text[256], *cursor = text;
	const char *key;
	uint64_t value;
	ssize_t n = pread(events, text, sizeof(text) - 1, 0);

	if (n < 0)
		return false; /* ENODEV: gone */
	text[n] = '\0';
	while (keyed_next(&cursor, &key, &value))
		if (!strcmp(key, "populated"))
			return value;
	return false;
}

static int wait_empty(int dir, const char *name, struct error *err)
{
	CLEANUP_CLOSE int events = openat(dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	uint64_t deadline = clock_ns() + EMPTY_TIMEOUT_NS;
	struct pollfd poller = {.fd = events, .events = POLLPRI};

	while (events >= 0 && is_populated(events)) {
		uint64_t now = clock_ns();

		if (now >= deadline) {
			CLEANUP_FREE char *procs = cgroupfs_read(dir, "cgroup.procs");

			for (char *p = procs; p && *p; p++)
				if (*p == '\n')
					*p = p[1] ? ' ' : '\0';
			return error_set(err, EBUSY,
					 "%s: still has processes 5 s after SIGKILL: %s", name,
					 procs && *procs ? procs : "in cgroups below it");
		}
		poll(&poller, 1, (deadline - now) / 1000000 + 1);
	}
	return 0;
}

int cgroupfs_remove(int parent, const char *path, ino_t id, const char *name, struct error *err)
{
	CLEANUP_CLOSE int dir = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (dir < 0 || fstat(dir, &st) || st.st_ino != id)
		return 0;
	if (cgroupfs_kill(dir))
		return error_set(err, errno, "%s: cgroup.kill: %s", name, strerror(errno));
	if (wait_empty(dir, name, err))
		return -1;
	cgroupfs_each_child(dir, remove_tree);
	announce_removal(dir);
	if (unlinkat(parent, path, AT_REMOVEDIR) && errno != ENOENT)
		return error_set(err, errno, "%s: rmdir: %s", name, strerror(errno));
	return 0;
}
