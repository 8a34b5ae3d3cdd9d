// SPDX-License-Identifier: GPL-2.0
/* What programs find in the microVM: a root that they can write, /proc and its like, a network of one machine. */
#include "guest_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"

void guest_mount(const char *type, const char *where, const char *data)
{
	if (mount(type, where, type, 0, data) && errno != EBUSY)
		guest_die("mount %s on %s: %s", type, where, strerror(errno));
}

/* The kernel's devtmpfs has the devices only. */
static void fill_dev(void)
{
	static const char *const links[][2] = {{"/proc/self/fd", "/dev/fd"},
					       {"/proc/self/fd/0", "/dev/stdin"},
					       {"/proc/self/fd/1", "/dev/stdout"},
					       {"/proc/self/fd/2", "/dev/stderr"}};

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			guest_die("%s: %s", links[i][1], strerror(errno));
	mkdir("/dev/shm", 01777);
	mkdir("/dev/pts", 0755);
	guest_mount("tmpfs", "/dev/shm", "mode=1777");
	/* group tty, by Debian's policy 9.2 */
	guest_mount("devpts", "/dev/pts", "gid=5,mode=620,ptmxmode=666");
}

void guest_mount_system(void)
{
	umask(0);
	guest_mount("proc", "/proc", NULL);
	guest_mount("sysfs", "/sys", NULL);
	guest_mount("devtmpfs", "/dev", NULL);
	fill_dev();
	guest_mount("tmpfs", "/run", "mode=0755");
	/* As systemd mounts it: what protects a tenant protects the cgroups below it. */
	guest_mount("cgroup2", "/sys/fs/cgroup", "memory_recursiveprot");
	/* programs on tracepoints are attached by way of it; a kernel without has none of these */
	mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	/* Scratch space for programs that want some, wherever the rest of the root is. */
	mkdir("/run/tmp", 01777);
	umask(022);
	setenv("TMPDIR", "/run/tmp", 1);
}

void guest_start_network(void)
{
	struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* without a socket this kernel has no network at all */
	if (fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback))
		guest_die("loopback interface: %s", strerror(errno));
}

/* --- the disk --- */

#define DISK "/run/disk"
#define ROOT "/run/root"

/* Return: whether it succeeded. What it says is the console's. */
static bool succeeds(const char *const argv[])
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

/* One that forgets: a block device in memory that gives back what is deleted, which the kernel's RAM disk doesn't. */
static bool make_disk(const char *modules, unsigned long mib)
{
	char gigabytes[32], blocks[32];

	snprintf(gigabytes, sizeof(gigabytes), "gb=%lu", (mib + 1023) / 1024);
	snprintf(blocks, sizeof(blocks), "%luM", mib);
	/*
	 * No lazy initialisation, by which a kernel thread would write while we measure; no journal, whose commits would
	 * make tenants wait for each other more than they do for a thing that nobody will recover.
	 */
	return succeeds((const char *const[]){"modprobe", "-d", modules, "null_blk", "nr_devices=1",
					      gigabytes, "bs=4096", "memory_backed=1", "discard=1",
					      "queue_mode=2", "irqmode=0", "submit_queues=1",
					      NULL}) &&
	       succeeds((const char *const[]){"mkfs.ext4", "-q", "-b", "4096", "-m", "0", "-O",
					      "^has_journal", "-E", "nodiscard,lazy_itable_init=1",
					      "/dev/nullb0", blocks, NULL}) &&
	       !mkdir(DISK, 0700) &&
	       !mount("/dev/nullb0", DISK, "ext4", MS_NOATIME, "discard,noinit_itable");
}

/*
 * An ordinary user's virtiofsd shows root's files as nobody's. An overlay would open them with O_NOATIME, which only an owner
 * may; and a set-uid program, mount(8) among them, would make nobody of the guest's root.
 */
static bool belongs_to_user(void)
{
	struct stat st;

	return !stat("/", &st) && st.st_uid;
}

static void ignore_set_uid(void)
{
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID, NULL))
		guest_die("/: nosuid: %s", strerror(errno));
}

static bool lay_over(void)
{
	return !mkdir(DISK "/upper", 0755) && !mkdir(DISK "/work", 0700) && !mkdir(ROOT, 0755) &&
	       !mount("overlay", ROOT, "overlay", 0,
		      "lowerdir=/,upperdir=" DISK "/upper,workdir=" DISK "/work");
}

/* What is in the machine's /run is of another boot, but services that were installed expect their folders there. */
static void make_run(void)
{
	DIR *machines = opendir(ROOT "/run");
	struct dirent *d;

	guest_mount("tmpfs", ROOT "/run", "mode=0755");
	while (machines && (d = readdir(machines))) {
		char path[sizeof(ROOT "/run/") + NAME_MAX];
		struct stat st;

		snprintf(path, sizeof(path), ROOT "/run/%s", d->d_name);
		if (d->d_name[0] != '.' &&
		    !fstatat(dirfd(machines), d->d_name, &st, AT_SYMLINK_NOFOLLOW) &&
		    S_ISDIR(st.st_mode) && !mkdir(path, 0700) && !chown(path, st.st_uid, st.st_gid))
			chmod(path, st.st_mode & 07777);
	}
	if (machines)
		closedir(machines);
}

static void move_to_root(const char *from, const char *to, unsigned long how)
{
	mkdir(to, 0755);
	if (mount(from, to, NULL, how, NULL))
		guest_die("%s: %s", to, strerror(errno));
}

/* $TMPDIR is on the disk itself: what is written there is page cache that can be reclaimed. */
static void place_tmp(const char *tmp)
{
	umask(0);
	mkdir(DISK "/tmp", 01777);
	umask(022);
	move_to_root(DISK "/tmp", tmp, MS_BIND);
}

/* /run is a new one: the old one holds the disk, and a mount can't move below itself. */
static void furnish(const char *modules)
{
	char kernel_modules[PATH_MAX];

	move_to_root("/proc", ROOT "/proc", MS_MOVE);
	move_to_root("/sys", ROOT "/sys", MS_MOVE);
	move_to_root("/dev", ROOT "/dev", MS_MOVE);
	make_run();
	umask(0);
	mkdir(ROOT "/run/lock", 01777);
	umask(022);
	place_tmp(ROOT "/run/tmp");
	snprintf(kernel_modules, sizeof(kernel_modules), "%s/lib/modules", modules);
	move_to_root(kernel_modules, ROOT "/lib/modules", MS_BIND);
}

/* For all processes, the kernel's own included, which load modules. */
static void change_root(void)
{
	if (chdir(ROOT) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) ||
	    chdir("/"))
		guest_die("changing to the writable root: %s", strerror(errno));
}

static void write_file(const char *path, const char *text)
{
	CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		guest_die("%s: %s", path, strerror(errno));
}

/*
 * Written back early: kernels with the multi-gen LRU (seen on 6.12) OOM-kill a tenant whose limit is full of dirty pages:
 * by the kernel's own ratios dd of 192M was killed at a limit of 64M in 2 of 3 runs. For this disk alone: with such ratios
 * for all, experiments on other disks come out otherwise.
 */
static void write_back_early(void)
{
	write_file("/sys/block/nullb0/bdi/strict_limit", "1");
	write_file("/sys/block/nullb0/bdi/max_ratio", "10");
}

const char *guest_make_writable(const char *modules, unsigned long mib)
{
	if (belongs_to_user()) {
		ignore_set_uid();
		if (make_disk(modules, mib)) {
			place_tmp("/run/tmp");
			write_back_early();
		}
		return "memlua runs as an ordinary user, and most files are another's";
	}
	if (!succeeds((const char *const[]){"modprobe", "-d", modules, "overlay", NULL}))
		return "this kernel's module overlay can't be loaded";
	if (!make_disk(modules, mib))
		return "no disk in memory; this kernel's module null_blk can't be loaded, or mkfs.ext4 failed";
	if (!lay_over())
		return "an overlay over virtiofs can't be mounted";
	furnish(modules);
	change_root();
	write_back_early();
	return NULL;
}
