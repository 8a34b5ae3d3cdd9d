// SPDX-License-Identifier: GPL-2.0
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "facts.h"
#include "guest.h"
#include "interrupt.h"
#include "save.h"
#include "scratch.h"
#include "vm_parts.h"
#include "vm_results.h"

/* How long the guest may take to clean up after an interrupt before it is switched off. */
#define GRACE_S 20.0

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

/* "killed SIGNAL", or "killed SIGNAL oom": the kernel did it, for want of memory. */
static void take_kill(struct vm_end *end, const char *line)
{
	int length = 0;

	if (sscanf(line, "killed %d%n", &end->signal, &length) == 1)
		end->oom = !strcmp(line + length, " oom");
}

/* "up\n" when user space is reached, "exit N\n" at the end, after take_kill()'s line where there was a signal. */
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
		else if (sscanf(line, "exit %d", &vm->end.status) == 1)
			vm->done = true;
		else
			take_kill(&vm->end, line);
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
	/* the guest's port is hung up, which its reader takes for the end */
	shutdown(vm->ports[IN], SHUT_WR);
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

/*
 * virtiofsd ends when QEMU does; it has died only if QEMU goes on without it. Once the guest has told its status it powers
 * off, and QEMU may take its time to end on a busy machine.
 */
static bool has_lost_root(struct vm *vm)
{
	double grace = vm->done ? 60 : 3;

	if (!vm_has_ended(&vm->virtiofsd))
		return false;
	if (!vm->root_lost)
		vm->root_lost = facts_monotonic();
	return facts_monotonic() > vm->root_lost + grace;
}

static int check_health(struct vm *vm, struct error *err)
{
	if (has_lost_root(vm))
		return error_set(err, EIO, "virtiofsd has died");
	if (vm->config->kvm && vm_log_contains(vm, "qemu.log", "KVM internal error"))
		return error_set(err, EIO, "KVM internal error: this machine's /dev/kvm is broken");
	return check_clock(vm, err);
}

/* Until QEMU has ended and everything it sent has been read. */
static int relay(struct vm *vm, struct error *err)
{
	for (;;) {
		struct pollfd fds[PORTS + 1]; /* the last is our standard input */
		bool ended = vm_has_ended(&vm->qemu);
		int open = 0;

		for (int i = 0; i < PORTS; i++) {
			fds[i] = (struct pollfd){.fd = vm->ports[i], .events = POLLIN};
			open += vm->ports[i] >= 0;
		}
		if (ended && !open)
			return 0;
		fds[PORTS] = (struct pollfd){.fd = wants_input(vm) ? STDIN_FILENO : -1,
					     .events = POLLIN};
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

	vm_path(vm, "spec.json", path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, vm->config->spec, strlen(vm->config->spec)))
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

/* What the guest finds in the folder: its init, whatever the path of this memlua is like, and its spec. */
static int fill_dir(struct vm *vm, struct error *err)
{
	char path[PATH_MAX];

	vm_path(vm, "init", path);
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
		dprintf(STDERR_FILENO,
			"memlua: warning: %s: left in the microVM: nothing that a run's folder takes from "
			"there\n",
			left_out);
	return vm->results ? results_finish(vm->results, err) : 0;
}

static int show_logs(const char *log, const char *console, struct error *err)
{
	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, "%s%s%s%s", *log ? "\nQEMU said:\n" : "",
		 log, *console ? "\nthe console's last lines:\n" : "\nthe console is empty",
		 console);
	return -1;
}

/* The guest ended without a status. When guest.c gives up, it says why and lets its kernel panic. */
static int explain(const struct vm *vm, int ret, int *status, struct error *err)
{
	char console[4096], log[700]; /* a panic prints its reason and then a trace of some 3000 */
	const char *complaint;

	vm_read_tail(vm, "console.log", console, sizeof(console));
	/* first the reason, then the registers */
	vm_read_log(vm, "qemu.log", false, log, sizeof(log));
	complaint = strstr(console, GUEST_COMPLAINT);
	if (complaint)
		return error_set(err, EIO, "microVM: %.*s", (int)strcspn(complaint, "\n"),
				 complaint);
	if (strstr(console, "Kernel panic")) {
		*status = 255;
		error_set(err, EIO, "the guest's kernel panicked");
	} else if (!ret && !vm->up) {
		error_set(err, ENOEXEC,
			  "%s: does not boot; it must be a whole kernel with virtiofs built in",
			  vm->config->image);
	} else if (!ret) {
		error_set(err, EIO, "QEMU ended without a result");
	}
	error_prefix(err, "microVM");
	return show_logs(log, console, err);
}

/* What the guest's end means. */
static int judge(struct vm *vm, int ret, struct vm_end *end, struct error *err)
{
	if (vm->lost) {
		end->status = err->code == ENOSPC ? 3 : 1;
		return -1;
	}
	if (!ret && vm->done) {
		*end = vm->timed_out ? (struct vm_end){.status = 124} : vm->end;
		return 0;
	}
	if (vm->interrupted) { /* ended on request, but not in time to clean up its own */
		end->status = vm->timed_out ? 124 : 5;
		return error_set(err, EINTR,
				 vm->timed_out ? "microVM: timed out after %g s" :
						 "microVM: interrupted",
				 vm->config->timeout);
	}
	return explain(vm, ret, &end->status, err);
}

static void tear_down(struct vm *vm)
{
	leave_raw_mode(vm);
	hide_boot(vm);
	vm_kill(&vm->qemu);
	vm_kill(&vm->virtiofsd);
	for (int i = 0; i < PORTS; i++)
		if (vm->ports[i] >= 0)
			close(vm->ports[i]);
	results_close(vm->results);
	if (vm->lock >= 0) {
		scratch_remove(vm->dir);
		close(vm->lock);
	}
}

int vm_run(const struct vm_config *config, struct vm_end *end, struct error *err)
{
	struct vm vm = {.config = config,
			.ports = {-1, -1, -1, -1, -1},
			.guest_ends = {-1, -1, -1, -1, -1},
			.shown = -1};
	int ret;

	*end = (struct vm_end){.status = 1};
	vm.started = facts_monotonic();
	vm.deadline = config->timeout > 0 ? vm.started + config->timeout : INFINITY;
	vm.lock = scratch_make(SCRATCH_VM, vm.dir, sizeof(vm.dir), err);
	ret = vm.lock < 0 ? -1 : fill_dir(&vm, err);
	if (!ret)
		ret = vm_start_root(&vm, err);
	if (!ret)
		ret = vm_start_qemu(&vm, err);
	if (!ret)
		ret = judge(&vm, relay(&vm, err), end, err);
	if (!ret && finish_results(&vm, err)) {
		end->status = 1; /* whatever the command's was: its results are lost */
		ret = -1;
	}
	tear_down(&vm);
	return ret;
}
