// SPDX-License-Identifier: GPL-2.0
#include "kmod.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "cgroup_root.h"
#include "cleanup.h"
#include "error.h"
#include "notice.h"
#include "own.h"
#include "trusted.h"

#define MODULE "memcg_bpf_ops"
#define UNLOAD_MS 5000
/* include/uapi/linux/module.h */
#define INIT_COMPRESSED_FILE 4

/* While a process uses the module it shares the lock on its directory in sysfs. */
#define SYSFS "/sys/module/" MODULE

static unsigned int users; /* in this process */
static int lock = -1;

static bool is_loaded(void)
{
	return !access("/sys/kernel/btf/" MODULE, F_OK);
}

static const char *const compressions[] = {".xz", ".zst", ".gz"};
#define COMPRESSIONS (sizeof(compressions) / sizeof(*compressions))

static bool is_compressed(const char *path)
{
	const char *dot = strrchr(path, '.');

	for (size_t i = 0; dot && i < COMPRESSIONS; i++)
		if (!strcmp(dot, compressions[i]))
			return true;
	return false;
}

static bool find_in(const char *folder, char *path, size_t size)
{
	size_t len = snprintf(path, size, "%s/" MODULE ".ko", folder);

	for (size_t i = 0; access(path, F_OK); i++) {
		if (i == COMPRESSIONS || len >= size)
			return false;
		snprintf(path + len, size - len, "%s", compressions[i]);
	}
	return true;
}

bool kmod_find_installed(char *path, size_t size)
{
	/* where modules_install and dkms put what the kernel itself doesn't bring */
	static const char *const folders[] = {"updates/dkms", "updates", "extra"};
	struct utsname uts;
	char folder[256];

	uname(&uts);
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++) {
		snprintf(folder, sizeof(folder), "/lib/modules/%s/%s", uts.release, folders[i]);
		if (find_in(folder, path, size))
			return true;
	}
	return false;
}

static int find_module(const char *release, char *path, size_t size, struct error *err)
{
	const char *given = getenv("MEMLUA_KMOD");

	if (given) {
		snprintf(path, size, "%s", given);
		return 0;
	}
	if (kmod_find_installed(path, size))
		return 0;
	return error_set(err, ENOENT,
			 MODULE
			 ": no module for kernel %s below /lib/modules/%s; install it with dkms, "
			 "name it in MEMLUA_KMOD, or run with --vm",
			 release, release);
}

/* The release that a module was built for, from "vermagic=RELEASE options" in its .modinfo. */
static bool built_for(int fd, char *release, size_t size)
{
	static const char key[] = "vermagic=";
	struct stat st;
	const char *file, *at;
	size_t left;

	if (fstat(fd, &st) || st.st_size <= 0)
		return false;
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return false;
	at = memmem(file, st.st_size, key, sizeof(key) - 1);
	if (at) {
		at += sizeof(key) - 1;
		left = file + st.st_size - at;
		snprintf(release, size, "%.*s", (int)(left < size ? left : size - 1), at);
		release[strcspn(release, " ")] = '\0';
	}
	munmap((void *)file, st.st_size);
	return at != NULL;
}

/*
 * Stricter than the kernel, which takes a module of another release if the exported symbols that it uses have the
 * same CRCs: this one reaches into structs that those don't cover, and its BTF counts on the exact base.
 */
static int check_release(const char *path, int fd, const char *running, struct error *err)
{
	char built[128];

	if (is_compressed(path) || !built_for(fd, built, sizeof(built)) || !strcmp(built, running))
		return 0;
	return error_set(err, ENOEXEC,
			 "%s: built for kernel %s, but %s is running; build it against the "
			 "headers of %s",
			 path, built, running, running);
}

static int refuse_load(const char *path, const char *running, struct error *err)
{
	int code = errno;

	switch (code) {
	case ENOEXEC:
		return error_set(err, code, "%s: not a module that kernel %s takes; see dmesg",
				 path, running);
	case EPERM:
		return error_set(err, code,
				 "%s: not permitted to load modules; run as root or with --vm",
				 path);
	case EKEYREJECTED:
		return error_set(err, code,
				 "%s: the kernel takes signed modules only; sign it, or run "
				 "with --vm",
				 path);
	default:
		return error_set(err, code, "%s: loading the module: %s; see dmesg", path,
				 strerror(code));
	}
}

static int load(struct error *err)
{
	CLEANUP_CLOSE int fd = -1;
	struct utsname uts;
	char path[512];

	uname(&uts);
	if (find_module(uts.release, path, sizeof(path), err) || trusted_file(path, err))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (check_release(path, fd, uts.release, err))
		return -1;
	if (syscall(SYS_finit_module, fd, "by_memlua=1",
		    is_compressed(path) ? INIT_COMPRESSED_FILE : 0) &&
	    errno != EEXIST)
		return refuse_load(path, uts.release, err);
	if (!is_loaded())
		return error_set(err, ENOTSUP,
				 "%s: loaded, but without BTF; rebuild it with the kernel's "
				 "vmlinux and pahole at hand",
				 path);
	return 0;
}

/* --- unloading: whom memlua loaded, the last user unloads --- */

/* The module tells who loaded it: an administrator's modprobe is not ours to undo. */
static bool is_by_memlua(void)
{
	CLEANUP_CLOSE int fd = open(SYSFS "/parameters/by_memlua", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

/* The kernel lets go of the last policy's parts a moment after it was detached. */
static bool unload(void)
{
	const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};

	for (int waited = 0; waited < UNLOAD_MS; waited += 10) {
		if (!syscall(SYS_delete_module, MODULE, O_NONBLOCK))
			return true;
		if (errno != EAGAIN && errno != EBUSY)
			return false;
		nanosleep(&pause, NULL);
	}
	return false;
}

/* Whom nobody uses lost its user to a SIGKILL. Held tenants that it left hold the module: they go first. */
static void sweep(void)
{
	CLEANUP_CLOSE int owned = -1;

	cgroup_sweep();
	owned = own_take(AT_FDCWD, SYSFS, LOCK_EX | LOCK_NB);
	if (owned < 0 || !is_by_memlua())
		return;
	if (unload())
		notice("unloaded the module " MODULE ", which a killed memlua left");
	else
		notice("the module " MODULE ", which a killed memlua left, is still in use: %s",
		       strerror(errno));
}

/* Without sysfs, or in a sandbox without this folder, nobody can lock and each one goes its own way. */
static int take_lock(void)
{
	lock = own_take(AT_FDCWD, SYSFS, LOCK_SH);
	return lock >= 0 || errno != ENOENT ? 0 : -1;
}

static int acquire(struct error *err)
{
	static bool swept;

	if (!swept)
		sweep();
	swept = true;
	if (users++)
		return 0;
	for (int tries = 0; tries < 10; tries++) {
		if (!is_loaded() && load(err))
			break;
		if (!take_lock())
			return 0; /* else its last user has unloaded it meanwhile */
	}
	users = 1;
	kmod_release();
	return -1;
}

static bool to_keep, is_kept; /* who keeps the module is one user more */

int kmod_acquire(struct error *err)
{
	if (acquire(err))
		return -1;
	if (to_keep && !is_kept)
		users++;
	is_kept = to_keep;
	return 0;
}

void kmod_keep(bool on)
{
	to_keep = on;
	if (on || !is_kept)
		return;
	is_kept = false;
	kmod_release();
}

void kmod_release(void)
{
	if (--users)
		return;
	if (lock >= 0)
		close(lock);
	lock = own_take(AT_FDCWD, SYSFS, LOCK_EX | LOCK_NB);
	if (lock >= 0 && is_by_memlua())
		unload();
	if (lock >= 0)
		close(lock);
	lock = -1;
}
