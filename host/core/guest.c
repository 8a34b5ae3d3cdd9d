// SPDX-License-Identifier: GPL-2.0
#include "guest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "guest_parts.h"
#include "oom.h"

static bool active;

bool guest_wanted(void)
{
	/* The kernel hands unknown NAME=VALUE words of its command line to init's environment. */
	return getenv("MEMLUA_SPEC") != NULL;
}

bool guest_active(void)
{
	return active;
}

static const char *text_of(json_t *spec, const char *key)
{
	return json_string_value(json_object_get(spec, key));
}

static json_t *read_spec(void)
{
	json_error_t why;
	json_t *spec = json_load_file(getenv("MEMLUA_SPEC"), 0, &why);

	if (!spec)
		guest_die("%s: %s", getenv("MEMLUA_SPEC"), why.text);
	return spec;
}

/* What the machine has of the run's folder already stays readable beside it, for a series that is gone on with. */
static void keep_folder(const char *out)
{
	mkdir("/run/memlua", 0700);
	mkdir(GUEST_BEFORE, 0700);
	if (!mount(out, GUEST_BEFORE, NULL, MS_BIND, NULL))
		setenv("MEMLUA_BEFORE", GUEST_BEFORE, 1);
	close(open(GUEST_SENT, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

/* Without it programs find what they found before there was one: a root that they can't write. */
static void make_writable(json_t *spec)
{
	const char *modules = text_of(spec, "modules"), *name = text_of(spec, "hostname"), *why;

	if (name && sethostname(name, strlen(name)))
		guest_die("hostname %s: %s", name, strerror(errno));
	why = modules ? guest_make_writable(modules,
					    json_integer_value(json_object_get(spec, "disk_mib"))) :
			"not asked for";
	if (why)
		setenv("MEMLUA_READONLY", why, 1);
}

static void set_environment(json_t *spec)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(spec, "env"), name, value)
		setenv(name, json_string_value(value), 1);
	unsetenv("MEMLUA_SPEC");
}

static void enter_folder(json_t *spec)
{
	if (chdir(text_of(spec, "cwd")))
		guest_die("%s: %s", text_of(spec, "cwd"), strerror(errno));
	if (!text_of(spec, "out"))
		return;
	keep_folder(text_of(spec, "out"));
	/* The run's folder: kept in memory, so that writing it never waits for the host. */
	if (mount("tmpfs", text_of(spec, "out"), "tmpfs", 0, "mode=0755"))
		guest_die("mount tmpfs on %s: %s", text_of(spec, "out"), strerror(errno));
}

/*
 * On the virtual clock: from here on time stands still while the host serves files. A kernel that lacks what the
 * module needs says so in its log, and the runs tell what it did to them.
 */
static void load_hostwait(json_t *spec)
{
	const char *path = text_of(spec, "hostwait");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (path && fd < 0)
		guest_die("%s: %s", path, strerror(errno));
	if (path && syscall(SYS_finit_module, fd, "", 0) && errno != ENOENT)
		guest_die("%s: loading the module: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Opens the virtio port of that name. */
static int open_port(const char *wanted)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *d;
	int fd = -1;

	while (ports && fd < 0 && (d = readdir(ports))) {
		char path[PATH_MAX], name[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", d->d_name);
		file = d->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
		snprintf(path, sizeof(path), "/dev/%s", d->d_name);
		if (!strcmp(name, wanted))
			fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (ports)
		closedir(ports);
	if (fd < 0)
		guest_die("virtio port %s: not found", wanted);
	return fd;
}

/* --- the command's terminal, if the host has one --- */

/* What passes between the ports and the terminal; all -1 without one. */
struct terminal {
	int master, in, out;
};

static void open_terminal(struct terminal *t, json_t *spec)
{
	struct winsize size = {.ws_col = json_integer_value(json_object_get(spec, "columns")),
			       .ws_row = json_integer_value(json_object_get(spec, "rows"))};

	t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->master < 0 || grantpt(t->master) || unlockpt(t->master))
		guest_die("terminal: %s", strerror(errno));
	ioctl(t->master, TIOCSWINSZ, &size); /* 0 is unknown, as it is without */
	t->in = open_port("memlua.in");
	t->out = open_port("memlua.out");
}

static void use_terminal(const struct terminal *t)
{
	/* the session has none yet: it becomes the controlling one */
	int fd = open(ptsname(t->master), O_RDWR | O_CLOEXEC);

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fd < 0 || dup2(fd, i) < 0)
			guest_die("terminal: %s", strerror(errno));
}

/* Passes on what there is. Return: whether more may come. */
static bool pass_on(int from, int to)
{
	char data[4096];
	ssize_t n = read(from, data, sizeof(data));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t at = 0, done; at < n; at += done) {
		done = write(to, data + at, n - at);
		if (done < 0 && errno != EINTR)
			return false;
		done = done < 0 ? 0 : done;
	}
	return n > 0;
}

/* The end of the host's input: what Ctrl-D would say. */
static void end_input(struct terminal *t)
{
	static const char end_of_file = 4;

	if (write(t->master, &end_of_file, 1) == 1)
		t->in = -1;
}

/* What the command has written until it ended. */
static void drain_terminal(struct terminal *t)
{
	if (t->master < 0)
		return;
	fcntl(t->master, F_SETFL, O_NONBLOCK);
	for (struct pollfd fd = {.fd = t->master, .events = POLLIN};
	     poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN);)
		if (!pass_on(t->master, t->out))
			break;
}

/* --- the command --- */

static void use_ports(json_t *spec)
{
	bool reads = json_is_true(json_object_get(spec, "reads"));

	if (dup2(reads ? open_port("memlua.in") : open("/dev/null", O_RDONLY | O_CLOEXEC),
		 STDIN_FILENO) < 0 ||
	    dup2(open_port("memlua.out"), STDOUT_FILENO) < 0 ||
	    dup2(open_port("memlua.err"), STDERR_FILENO) < 0)
		guest_die("standard streams: %s", strerror(errno));
}

/* In the child, which returns 0 when the command has ended, the spec is freed. */
static pid_t spawn_command(json_t *spec, const struct terminal *t, const sigset_t *mask,
			   int (*run)(int, char **), int *status)
{
	json_t *words = json_object_get(spec, "argv");
	size_t n = json_array_size(words);
	char **argv = calloc(n + 1, sizeof(*argv));
	pid_t pid;

	if (!argv)
		guest_die("the command: %s", strerror(ENOMEM));
	for (size_t i = 0; i < n; i++)
		argv[i] = (char *)json_string_value(json_array_get(words, i));
	pid = fork();
	if (pid < 0)
		guest_die("fork: %s", strerror(errno));
	if (pid)
		return pid;
	sigprocmask(SIG_SETMASK, mask, NULL);
	setsid();
	if (t->master >= 0)
		use_terminal(t);
	else
		use_ports(spec);
	setvbuf(stdout, NULL, _IOLBF, 0);
	active = true;
	*status = run(n, argv);
	free(argv);
	json_decref(spec);
	return 0;
}

/* Passes the host's interrupts, and what is typed, on until the command has ended. Return: its wait status. */
static int supervise(pid_t command, int control, int children, struct terminal *t)
{
	int wstatus;

	for (;;) {
		struct pollfd fds[] = {{.fd = control, .events = POLLIN},
				       {.fd = children, .events = POLLIN},
				       {.fd = t->in, .events = POLLIN},
				       {.fd = t->master, .events = POLLIN}};
		struct signalfd_siginfo info;
		unsigned char signal;
		pid_t pid;

		poll(fds, 4, -1);
		if (fds[2].revents && !pass_on(t->in, t->master))
			end_input(t);
		if (fds[3].revents & POLLIN)
			pass_on(t->master, t->out);
		if ((fds[0].revents & POLLIN) && read(control, &signal, 1) == 1)
			kill(command, signal);
		if ((fds[1].revents & POLLIN) && read(children, &info, sizeof(info)) < 0)
			continue;
		while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0)
			if (pid == command)
				return wstatus;
	}
}

/* Whether one of the kills that the kernel has logged since the log was opened was of that process. */
static bool was_oom_killed(struct oom_log *log, pid_t pid)
{
	struct oom_event event;
	struct error err;
	bool found = false;

	while (!found && oom_read(log, &event, &err) > 0) {
		found = event.pid == pid;
		oom_event_clear(&event);
	}
	return found;
}

/* Tells the host how the command ended: see take_report() of vm.c. */
static void report_end(int control, int wstatus, bool by_oom)
{
	int signal = WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0;
	char report[64];

	if (signal)
		snprintf(report, sizeof(report), "killed %d%s\nexit %d\n", signal,
			 by_oom ? " oom" : "", 128 + signal);
	else
		snprintf(report, sizeof(report), "exit %d\n", WEXITSTATUS(wstatus));
	if (write(control, report, strlen(report)) < 0)
		guest_die("virtio port memlua.control: %s", strerror(errno));
}

/* Archives the run's folder onto its port, without what has been sent. */
static void send_results(const char *folder)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		guest_die("fork: %s", strerror(errno));
	if (!pid) {
		dup2(open_port("memlua.results"), STDOUT_FILENO);
		execlp("tar", "tar", "--format=gnu", "-C", folder, "--anchored", "--no-wildcards",
		       "-X", GUEST_SENT, "-cf", "-", ".", NULL);
		guest_die("tar: %s", strerror(errno));
	}
	if (waitpid(pid, &status, 0) != pid || status)
		guest_die("tar: sending the results failed");
}

int guest_init(int (*run)(int argc, char **argv))
{
	/* virtiofs and epoll users may want many descriptors; init starts with few */
	struct rlimit files = {1 << 16, 1 << 16};
	struct terminal terminal = {-1, -1, -1};
	int control, children, wstatus, status = 0;
	struct oom_log kills = {.fd = -1};
	struct error err;
	sigset_t mask, old;
	json_t *spec;
	pid_t command;

	spec = read_spec(); /* before mounts of ours hide it: TMPDIR may be /dev/shm */
	guest_mount_system();
	guest_start_network();
	setrlimit(RLIMIT_NOFILE, &files);
	control = open_port("memlua.control");
	if (write(control, "up\n", 3) != 3)
		guest_die("virtio port memlua.control: %s", strerror(errno));
	set_environment(spec);
	load_hostwait(spec);
	make_writable(spec);
	enter_folder(spec);
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, &old);
	children = signalfd(-1, &mask, SFD_CLOEXEC);
	if (json_is_true(json_object_get(spec, "terminal")))
		open_terminal(&terminal, spec);
	if (oom_open(&kills, &err))
		guest_die("%s", err.text);
	command = spawn_command(spec, &terminal, &old, run, &status);
	if (!command)
		return status;

	wstatus = supervise(command, control, children, &terminal);
	drain_terminal(&terminal);
	if (text_of(spec, "out"))
		send_results(text_of(spec, "out"));
	report_end(control, wstatus, was_oom_killed(&kills, command));
	reboot(RB_POWER_OFF);
	guest_die("power off: %s", strerror(errno));
}
