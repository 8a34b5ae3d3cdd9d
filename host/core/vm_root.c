// SPDX-License-Identifier: GPL-2.0
/* virtiofsd: the root file system, read-only. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "error.h"
#include "vm_parts.h"

static void give_up(const char *what)
{
	perror(what);
	_exit(126);
}

/*
 * QEMU 7.2's virtiofsd drops the user's supplementary groups and ends where it may not, as in a user namespace that its
 * user made himself. It keeps them: a call that does nothing and says that all is well.
 */
static void keep_groups(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setgroups, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(*code), code};

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		give_up("seccomp filter of setgroups()");
}

static void write_map(const char *path, const char *format, unsigned int id)
{
	FILE *map = fopen(path, "w");

	if (map)
		fprintf(map, format, id), fclose(map);
}

/* An ordinary user becomes root of a namespace of his own. */
static void enter_user_namespace(uid_t uid, gid_t gid)
{
	if (unshare(CLONE_NEWUSER))
		give_up("user namespace (needed without root; none in a chroot; else see kernel.unprivileged_userns_clone)");
	write_map("/proc/self/setgroups", "deny", 0);
	write_map("/proc/self/uid_map", "0 %u 1", uid);
	write_map("/proc/self/gid_map", "0 %u 1", gid);
	keep_groups();
}

/*
 * Exports a private, recursively read-only bind mount of /: the guest's root could remount a merely
 * "ro" root read-write. Without root the mount is made in a user namespace.
 */
static void enter_readonly_root(struct vm *vm)
{
	struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
	struct rlimit files;
	char root[PATH_MAX];

	if (geteuid())
		enter_user_namespace(geteuid(), getegid());
	vm_path(vm, "root", root);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/", root, NULL, MS_BIND | MS_REC, NULL))
		give_up("private mount of /");
	/* virtiofsd insists on a pid file below /run, which is not ours; this /run is nobody else's */
	if (mount("tmpfs", "/run", "tmpfs", 0, NULL))
		give_up("private /run");
	if (mount_setattr(AT_FDCWD, root, AT_RECURSIVE, &readonly, sizeof(readonly)))
		give_up("read-only mount of / (Linux >= 5.12 can)");
	/* Each file that the guest has open or cached holds a descriptor here. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

const char *vm_virtiofsd(bool *rust)
{
	static const char *const places[] = {"/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd",
					     NULL};

	for (const char *const *place = places; *place; place++)
		if (!access(*place, X_OK)) {
			*rust = place == places;
			return *place;
		}
	return NULL;
}

static bool has_option(const char *program, const char *option)
{
	char command[PATH_MAX + 32], line[512];
	bool found = false;
	FILE *help;

	snprintf(command, sizeof(command), "%s --help 2>&1 </dev/null", program);
	help = popen(command, "re");
	while (help && fgets(line, sizeof(line), help))
		found |= strstr(line, option) != NULL;
	if (help)
		pclose(help);
	return found;
}

/*
 * The overlay of the guest's root refuses (EREMOTE) a folder that it is told to be a mount point, such as /proc. The one in
 * C doesn't tell, nor do old ones in Rust; newer ones do unless they are asked not to.
 */
static const char *hide_mounts(const char *program)
{
	static const char option[] = "--no-announce-submounts";

	return has_option(program, option) ? option : NULL;
}

int vm_start_root(struct vm *vm, struct error *err)
{
	char socket_path[PATH_MAX], root[PATH_MAX], socket_option[PATH_MAX + 16],
		source[PATH_MAX + 16], tail[1024];
	const char *program;
	bool rust;

	program = vm_virtiofsd(&rust);
	if (!program)
		return error_set(err, ENOENT,
				 "virtiofsd: not found; install qemu-system-x86 (or virtiofsd)");
	vm_path(vm, "virtiofs.sock", socket_path);
	vm_path(vm, "root", root);
	if (mkdir(root, 0700))
		return error_set(err, errno, "%s: %s", root, strerror(errno));
	snprintf(socket_option, sizeof(socket_option), "--socket-path=%s", socket_path);
	snprintf(source, sizeof(source), rust ? "--shared-dir=%s" : "source=%s", root);
	char *c_argv[] = {(char *)program,
			  socket_option,
			  "-f",
			  "-o",
			  source,
			  "-o",
			  "sandbox=chroot,cache=always,log_level=err",
			  "--rlimit-nofile=0",
			  NULL};
	char *rust_argv[] = {(char *)program,
			     socket_option,
			     source,
			     "--sandbox=none",
			     "--cache=always",
			     "--log-level=error",
			     "--rlimit-nofile=0",
			     rust ? (char *)hide_mounts(program) : NULL,
			     NULL};

	vm->virtiofsd =
		vm_spawn(vm, "virtiofsd.log", rust ? rust_argv : c_argv, enter_readonly_root, err);
	if (vm->virtiofsd < 0)
		return -1;
	for (int i = 0; i < 1000 && !vm_has_ended(&vm->virtiofsd); i++) {
		if (!access(socket_path, F_OK))
			return 0;
		usleep(10000);
	}
	vm_read_tail(vm, "virtiofsd.log", tail, sizeof(tail));
	return error_set(err, EIO, "virtiofsd: does not start: %s", tail);
}
