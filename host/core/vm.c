// SPDX-License-Identifier: GPL-2.0
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "facts.h"
#include "guest.h"
#include "interrupt.h"
#include "save.h"
#include "vm_dir.h"
#include "vm_results.h"

/* How long the guest may take to clean up after an interrupt before it is switched off. */
#define GRACE_S 20.0

enum port { OUT, ERR, CONTROL, RESULTS, IN, PORTS };
static const char *const port_names[PORTS] = {"out", "err", "control", "results", "in"};

struct vm {
	const struct vm_config *config;
	char dir[PATH_MAX - 64]; /* sockets, console and results, removed at the end */
	int lock;		 /* says that we use it */
	pid_t virtiofsd, qemu;
	int ports[PORTS];	/* our ends, -1 when closed */
	struct results *results; /* NULL: there is no folder for them */
	char control[64];	/* what the guest has reported, line by line */
	size_t control_len;
	bool up;		/* user space has been reached */
	int shown;		/* the second of the boot that the terminal shows, -1: none */
	bool done;		/* the exit status has come */
	int status;
	double started, deadline;
	double root_lost; /* when virtiofsd was seen to have ended, 0: it runs */
	int interrupted; /* the signal that was passed on, 0: none */
	bool input_ended, raw; /* of our standard input: nothing more comes; it is a terminal in raw mode */
	struct termios cooked; /* what the terminal was before */
	bool timed_out;
	bool lost; /* the results could not be kept */
};

/* --- small helpers --- */

static void path_in(const struct vm *vm, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", vm->dir, name);
}

/* Starts a program that dies with us; its output goes to a log in the VM's folder. */
static pid_t spawn(struct vm *vm, const char *log, char *const argv[],
		   void (*prepare)(struct vm *vm), struct error *err)
{
	char path[PATH_MAX];
	pid_t pid, parent = getpid();
	int fd;

	path_in(vm, log, path);
	pid = fork();
	if (pid < 0)
		return error_set(err, errno, "fork: %s", strerror(errno));
	if (pid)
		return pid;
	/* Ctrl-C is for the script in the guest; its machine must live on until it has cleaned up. */
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	if (prepare)
		prepare(vm);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static bool has_ended(pid_t *pid)
{
	if (*pid > 0 && waitpid(*pid, NULL, WNOHANG) == *pid)
		*pid = 0;
	return *pid <= 0;
}

static void kill_and_reap(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*pid = 0;
}

/* The first or the last bytes of a file in the VM's folder, control characters removed. */
static void read_log(const struct vm *vm, const char *name, bool last, char *text, size_t size)
{
	char path[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;
	ssize_t len;
	size_t at = 0;
	off_t end;

	text[0] = '\0';
	path_in(vm, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	len = pread(fd, text, size - 1, last && end > (off_t)size - 1 ? end - (off_t)(size - 1) : 0);
	for (ssize_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t')
			text[at++] = text[i];
	text[at] = '\0';
}

static void read_tail(const struct vm *vm, const char *name, char *tail, size_t size)
{
	read_log(vm, name, true, tail, size);
}

static bool log_contains(const struct vm *vm, const char *name, const char *words)
{
	char tail[8192];

	read_tail(vm, name, tail, sizeof(tail));
	return strstr(tail, words) != NULL;
}

/* --- virtiofsd: the root file system, read-only --- */

/*
 * Exports a private, recursively read-only bind mount of /: the guest's root could remount a merely
 * "ro" root read-write. Without root the mount is made in a user namespace.
 */
static void enter_readonly_root(struct vm *vm)
{
	struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct rlimit files;
	char root[PATH_MAX];
	FILE *map;

	if (uid != 0) {
		if (unshare(CLONE_NEWUSER)) {
			perror("user namespace (needed without root; see kernel.unprivileged_userns_clone)");
			_exit(126);
		}
		if ((map = fopen("/proc/self/setgroups", "w")))
			fputs("deny", map), fclose(map);
		if ((map = fopen("/proc/self/uid_map", "w")))
			fprintf(map, "0 %u 1", uid), fclose(map);
		if ((map = fopen("/proc/self/gid_map", "w")))
			fprintf(map, "0 %u 1", gid), fclose(map);
	}
	path_in(vm, "root", root);
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("/", root, NULL, MS_BIND | MS_REC, NULL)) {
		perror("private mount of /");
		_exit(126);
	}
	/* virtiofsd insists on a pid file below /run, which is not ours; this /run is nobody else's */
	if (mount("tmpfs", "/run", "tmpfs", 0, NULL)) {
		perror("private /run");
		_exit(126);
	}
	if (mount_setattr(AT_FDCWD, root, AT_RECURSIVE, &readonly, sizeof(readonly))) {
		perror("read-only mount of / (Linux >= 5.12 can)");
		_exit(126);
	}
	/* Each file that the guest has open or cached holds a descriptor here. */
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
}

const char *vm_virtiofsd(bool *rust)
{
	static const char *const places[] = {"/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", NULL};

	for (const char *const *place = places; *place; place++)
		if (!access(*place, X_OK)) {
			*rust = place == places;
			return *place;
		}
	return NULL;
}

static int start_virtiofsd(struct vm *vm, struct error *err)
{
	char socket_path[PATH_MAX], root[PATH_MAX], socket_option[PATH_MAX + 16],
		source[PATH_MAX + 16], tail[1024];
	const char *program;
	bool rust;

	program = vm_virtiofsd(&rust);
	if (!program)
		return error_set(err, ENOENT,
				 "virtiofsd: not found; install qemu-system-x86 (or virtiofsd)");
	path_in(vm, "virtiofs.sock", socket_path);
	path_in(vm, "root", root);
	if (mkdir(root, 0700))
		return error_set(err, errno, "%s: %s", root, strerror(errno));
	snprintf(socket_option, sizeof(socket_option), "--socket-path=%s", socket_path);
	snprintf(source, sizeof(source), rust ? "--shared-dir=%s" : "source=%s", root);
	char *c_argv[] = {(char *)program, socket_option, "-f", "-o", source, "-o",
			  "sandbox=chroot,cache=always,log_level=err", "--rlimit-nofile=0", NULL};
	char *rust_argv[] = {(char *)program, socket_option, source, "--sandbox=none",
			     "--cache=always", "--log-level=error", "--rlimit-nofile=0", NULL};

	vm->virtiofsd = spawn(vm, "virtiofsd.log", rust ? rust_argv : c_argv, enter_readonly_root, err);
	if (vm->virtiofsd < 0)
		return -1;
	for (int i = 0; i < 1000 && !has_ended(&vm->virtiofsd); i++) {
		if (!access(socket_path, F_OK))
			return 0;
		usleep(10000);
	}
	read_tail(vm, "virtiofsd.log", tail, sizeof(tail));
	return error_set(err, EIO, "virtiofsd: does not start: %s", tail);
}

/* --- QEMU --- */

struct words {
	char *words[96];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (w->n + 1 < sizeof(w->words) / sizeof(*w->words) &&
	    vasprintf(&w->words[w->n], fmt, ap) >= 0)
		w->n++;
	va_end(ap);
}

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->words[i]);
}

static void add_machine(struct words *w, const struct vm_config *c)
{
	unsigned long long mib = c->memory >> 20;

	add(w, "qemu-system-x86_64");
	for (const char *const *o = (const char *const[]){"-nodefaults", "-no-user-config",
							   "-no-reboot", "-display", "none", NULL};
	     *o; o++)
		add(w, "%s", *o);
	add(w, "-machine"), add(w, "q35,memory-backend=mem");
	add(w, "-object"), add(w, "memory-backend-memfd,id=mem,size=%lluM,share=on", mib);
	add(w, "-m"), add(w, "%lluM", mib);
	add(w, "-smp"), add(w, "%u", c->cpus);
	/*
	 * One thread for all CPUs: with one each, TCG of QEMU 7.2 once ran into the int3 that the guest
	 * kernel places while ftrace patches code (an oops in the hooked function).
	 */
	add(w, "-accel"), add(w, c->kvm ? "kvm" : "tcg,thread=single");
	/*
	 * QEMU 7.2's TCG mistranslates CMPXCHG16B under -icount: without it, cx16 goes. With erms the
	 * kernel clears a page by REP STOSB, 4096 counted iterations: half of what a page fault costs.
	 */
	add(w, "-cpu"), add(w, c->kvm ? "host" : "max,-cx16,-erms,-fsrm");
	if (c->virtual_clock)
		add(w, "-icount"), add(w, "shift=1,sleep=off");
}

static void add_devices(struct words *w, const struct vm *vm, const int guest_ends[PORTS])
{
	add(w, "-chardev"), add(w, "socket,id=rootfs,path=%s/virtiofs.sock", vm->dir);
	add(w, "-device"), add(w, "vhost-user-fs-pci,chardev=rootfs,tag=rootfs,queue-size=1024");
	add(w, "-chardev"), add(w, "file,id=console,path=%s/console.log", vm->dir);
	add(w, "-serial"), add(w, "chardev:console");
	add(w, "-device"), add(w, "virtio-serial-pci");
	for (int i = 0; i < PORTS; i++) {
		add(w, "-chardev"), add(w, "socket,id=%s,fd=%d", port_names[i], guest_ends[i]);
		add(w, "-device"), add(w, "virtserialport,chardev=%s,name=memlua.%s", port_names[i],
				       port_names[i]);
	}
}

static void add_kernel(struct words *w, const struct vm *vm)
{
	const struct vm_config *c = vm->config;

	add(w, "-kernel"), add(w, "%s", c->image);
	/*
	 * A panic ends the machine (-no-reboot). The kernel log is a result, so user space may not be
	 * limited in writing it. The last line leaves out what costs boot time under TCG and changes
	 * nothing that is measured: mitigations (nothing untrusted shares this kernel), self-tests of
	 * the crypto code, security modules, the calibration of a clock that QEMU states exactly, and on the
	 * virtual clock's one CPU that of the APIC's timer, whose place the HPET takes.
	 */
	add(w, "-append");
	add(w,
	    "root=rootfs rootfstype=virtiofs ro console=ttyS0 quiet panic=-1 oops=panic init=%s/init "
	    "MEMLUA_SPEC=%s/spec.json cgroup_no_v1=all psi=1 printk.devkmsg=on "
	    "mitigations=off cryptomgr.notests=1 lsm= audit=0 tsc=reliable no_timer_check %s%s",
	    vm->dir, vm->dir, c->virtual_clock ? "noapictimer " : "", c->append ? c->append : "");
}

static int make_ports(struct vm *vm, int guest_ends[PORTS], struct error *err)
{
	for (int i = 0; i < PORTS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
			return error_set(err, errno, "socketpair: %s", strerror(errno));
		vm->ports[i] = pair[0];
		guest_ends[i] = pair[1];
		fcntl(pair[0], F_SETFD, FD_CLOEXEC);
	}
	return 0;
}

static int start_qemu(struct vm *vm, struct error *err)
{
	int guest_ends[PORTS] = {-1, -1, -1, -1, -1};
	struct words w = {0};
	int ret = make_ports(vm, guest_ends, err);

	if (!ret) {
		add_machine(&w, vm->config);
		add_devices(&w, vm, guest_ends);
		add_kernel(&w, vm);
		vm->qemu = spawn(vm, "qemu.log", w.words, NULL, err);
		ret = vm->qemu < 0 ? -1 : 0;
	}
	for (int i = 0; i < PORTS; i++)
		if (guest_ends[i] >= 0)
			close(guest_ends[i]);
	free_words(&w);
	return ret;
}

/* --- while it runs --- */

static void say_on_line(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		return; /* who has gone misses nothing but this */
}

/* Until user space is up nothing else can tell that the machine lives. */
static void show_boot(struct vm *vm)
{
	int second = facts_monotonic() - vm->started;
	char line[64];

	if (!vm->config->watched || vm->up || second == vm->shown)
		return;
	vm->shown = second;
	snprintf(line, sizeof(line), "\r\033[Kmemlua: %d s: booting", second);
	say_on_line(line);
}

static void hide_boot(struct vm *vm)
{
	if (vm->shown >= 0)
		say_on_line("\r\033[K");
	vm->shown = -1;
}

/* "up\n" when user space is reached, "exit N\n" at the end. */
static void take_report(struct vm *vm, const char *data, size_t len)
{
	char *line, *newline;

	if (len > sizeof(vm->control) - 1 - vm->control_len)
		len = sizeof(vm->control) - 1 - vm->control_len;
	memcpy(vm->control + vm->control_len, data, len);
	vm->control_len += len;
	vm->control[vm->control_len] = '\0';
	for (line = vm->control; (newline = strchr(line, '\n')); line = newline + 1) {
		*newline = '\0';
		if (!strcmp(line, "up"))
			vm->up = true;
		else if (sscanf(line, "exit %d", &vm->status) == 1)
			vm->done = true;
	}
	vm->control_len = strlen(line);
	memmove(vm->control, line, vm->control_len + 1);
}

static int take_output(struct vm *vm, enum port port, struct error *err)
{
	static const int targets[] = {[OUT] = STDOUT_FILENO, [ERR] = STDERR_FILENO};
	char data[65536];
	ssize_t n = read(vm->ports[port], data, sizeof(data));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		close(vm->ports[port]);
		vm->ports[port] = -1;
	} else if (port == CONTROL) {
		take_report(vm, data, n);
	} else if (port == RESULTS) {
		vm->lost = vm->results && results_feed(vm->results, data, n, err);
		return vm->lost ? -1 : 0; /* hours of measuring what can't be kept help nobody */
	} else if (write_all(targets[port], data, n)) {
		return error_set(err, errno, "standard %s: %s", port == OUT ? "output" : "error",
				 strerror(errno));
	}
	return 0;
}

/*
 * In raw mode every key reaches the guest, whose own terminal makes an interrupt of Ctrl-C. Until the guest is up
 * Ctrl-C is ours.
 */
static void enter_raw_mode(struct vm *vm)
{
	struct termios raw;

	if (vm->raw || !vm->config->interactive || tcgetattr(STDIN_FILENO, &vm->cooked))
		return;
	raw = vm->cooked;
	cfmakeraw(&raw);
	vm->raw = !tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void leave_raw_mode(struct vm *vm)
{
	if (vm->raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &vm->cooked);
	vm->raw = false;
}

static bool wants_input(const struct vm *vm)
{
	return vm->config->interactive && vm->up && !vm->input_ended && vm->ports[IN] >= 0;
}

/* Little at a time, and only when the port takes it: we must stay able to read what the guest writes. */
static void pass_input(struct vm *vm)
{
	struct pollfd port = {.fd = vm->ports[IN], .events = POLLOUT};
	char data[1024];
	ssize_t n;

	if (poll(&port, 1, 10) <= 0)
		return;
	n = read(STDIN_FILENO, data, sizeof(data));
	if (n < 0 && errno == EINTR)
		return;
	if (n > 0 && !write_all(vm->ports[IN], data, n))
		return;
	vm->input_ended = true;
	shutdown(vm->ports[IN], SHUT_WR); /* the guest's port is hung up, which its reader takes for the end */
}

static void pass_interrupt(struct vm *vm, int signal)
{
	unsigned char byte = signal;

	if (vm->interrupted)
		return;
	vm->interrupted = signal;
	if (!vm->up || vm->ports[CONTROL] < 0 || write(vm->ports[CONTROL], &byte, 1) != 1)
		vm->deadline = 0; /* nobody there yet who could clean up anything */
	else
		vm->deadline = facts_monotonic() + GRACE_S;
}

static int check_clock(struct vm *vm, struct error *err)
{
	double now = facts_monotonic();

	if (memlua_interrupted)
		pass_interrupt(vm, memlua_interrupted);
	if (!vm->up && now > vm->started + vm->config->boot_timeout)
		return error_set(err, ETIMEDOUT, "the guest did not come up within %.0f s",
				 vm->config->boot_timeout);
	if (now <= vm->deadline)
		return 0;
	if (vm->interrupted)
		return -1; /* judge() says why */
	vm->timed_out = true;
	pass_interrupt(vm, SIGTERM);
	return 0;
}

/* virtiofsd ends when QEMU does; it has died only if QEMU goes on without it. */
static bool has_lost_root(struct vm *vm)
{
	if (!has_ended(&vm->virtiofsd))
		return false;
	if (!vm->root_lost)
		vm->root_lost = facts_monotonic();
	return facts_monotonic() > vm->root_lost + 3;
}

static int check_health(struct vm *vm, struct error *err)
{
	if (has_lost_root(vm))
		return error_set(err, EIO, "virtiofsd has died");
	if (vm->config->kvm && log_contains(vm, "qemu.log", "KVM internal error"))
		return error_set(err, EIO, "KVM internal error: this machine's /dev/kvm is broken");
	return check_clock(vm, err);
}

/* Until QEMU has ended and everything it sent has been read. */
static int relay(struct vm *vm, struct error *err)
{
	for (;;) {
		struct pollfd fds[PORTS + 1]; /* the last is our standard input */
		bool ended = has_ended(&vm->qemu);
		int open = 0;

		for (int i = 0; i < PORTS; i++) {
			fds[i] = (struct pollfd){.fd = vm->ports[i], .events = POLLIN};
			open += vm->ports[i] >= 0;
		}
		if (ended && !open)
			return 0;
		fds[PORTS] = (struct pollfd){.fd = wants_input(vm) ? STDIN_FILENO : -1, .events = POLLIN};
		show_boot(vm);
		poll(fds, PORTS + 1, 100);
		if (vm->up) {
			hide_boot(vm);
			enter_raw_mode(vm);
		}
		if (fds[PORTS].revents)
			pass_input(vm);
		for (int i = 0; i < PORTS; i++)
			if (fds[i].revents && take_output(vm, i, err))
				return -1;
		if (!ended && check_health(vm, err))
			return -1;
	}
}

/* --- before and after --- */

static int write_spec(struct vm *vm, struct error *err)
{
	char path[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;

	path_in(vm, "spec.json", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, vm->config->spec, strlen(vm->config->spec)))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* What the guest finds in the folder: its init, whatever the path of this memlua is like, and its spec. */
static int fill_dir(struct vm *vm, struct error *err)
{
	char path[PATH_MAX];

	path_in(vm, "init", path);
	if (symlink(vm->config->init, path))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	if (vm->config->out && !(vm->results = results_open(vm->config->out, err)))
		return -1;
	return write_spec(vm, err);
}

/* The stream is at its end; what of it is not wanted on this machine is told. */
static int finish_results(struct vm *vm, struct error *err)
{
	const char *left_out = vm->results ? results_left_out(vm->results) : NULL;

	if (left_out)
		dprintf(STDERR_FILENO, "memlua: warning: %s: left in the microVM: nothing that a run's folder takes from "
			"there\n", left_out);
	return vm->results ? results_finish(vm->results, err) : 0;
}

static int show_logs(const char *log, const char *console, struct error *err)
{
	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, "%s%s%s%s",
		 *log ? "\nQEMU said:\n" : "", log,
		 *console ? "\nthe console's last lines:\n" : "\nthe console is empty", console);
	return -1;
}

/* The guest ended without a status. When guest.c gives up, it says why and lets its kernel panic. */
static int explain(const struct vm *vm, int ret, int *status, struct error *err)
{
	char console[4096], log[700]; /* a panic prints its reason and then a trace of some 3000 */
	const char *complaint;

	read_tail(vm, "console.log", console, sizeof(console));
	read_log(vm, "qemu.log", false, log, sizeof(log)); /* first the reason, then the registers */
	complaint = strstr(console, GUEST_COMPLAINT);
	if (complaint)
		return error_set(err, EIO, "microVM: %.*s", (int)strcspn(complaint, "\n"), complaint);
	if (strstr(console, "Kernel panic")) {
		*status = 255;
		error_set(err, EIO, "the guest's kernel panicked");
	} else if (!ret && !vm->up) {
		error_set(err, ENOEXEC, "%s: does not boot; it must be a whole kernel with virtiofs built in",
			  vm->config->image);
	} else if (!ret) {
		error_set(err, EIO, "QEMU ended without a result");
	}
	error_prefix(err, "microVM");
	return show_logs(log, console, err);
}

/* What the guest's end means. */
static int judge(struct vm *vm, int ret, int *status, struct error *err)
{
	if (vm->lost) {
		*status = err->code == ENOSPC ? 3 : 1;
		return -1;
	}
	if (!ret && vm->done) {
		*status = vm->timed_out ? 124 : vm->status;
		return 0;
	}
	if (vm->interrupted) { /* ended on request, but not in time to clean up its own */
		*status = vm->timed_out ? 124 : 5;
		return error_set(err, EINTR, vm->timed_out ? "microVM: timed out after %g s"
							   : "microVM: interrupted",
				 vm->config->timeout);
	}
	return explain(vm, ret, status, err);
}

static void tear_down(struct vm *vm)
{
	leave_raw_mode(vm);
	hide_boot(vm);
	kill_and_reap(&vm->qemu);
	kill_and_reap(&vm->virtiofsd);
	for (int i = 0; i < PORTS; i++)
		if (vm->ports[i] >= 0)
			close(vm->ports[i]);
	results_close(vm->results);
	if (vm->lock >= 0) {
		vm_dir_remove(vm->dir);
		close(vm->lock);
	}
}

int vm_run(const struct vm_config *config, int *status, struct error *err)
{
	struct vm vm = {.config = config, .ports = {-1, -1, -1, -1, -1}, .shown = -1};
	int ret;

	*status = 1;
	vm.started = facts_monotonic();
	vm.deadline = config->timeout > 0 ? vm.started + config->timeout : INFINITY;
	vm.lock = vm_dir_make(vm.dir, sizeof(vm.dir), err);
	ret = vm.lock < 0 ? -1 : fill_dir(&vm, err);
	if (!ret)
		ret = start_virtiofsd(&vm, err);
	if (!ret)
		ret = start_qemu(&vm, err);
	if (!ret)
		ret = judge(&vm, relay(&vm, err), status, err);
	if (!ret && finish_results(&vm, err)) {
		*status = 1; /* whatever the command's was: its results are lost */
		ret = -1;
	}
	tear_down(&vm);
	return ret;
}
