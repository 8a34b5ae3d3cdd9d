// SPDX-License-Identifier: GPL-2.0
/* The microVM's programs and what they say. */
#include "vm_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"

void vm_path(const struct vm *vm, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", vm->dir, name);
}

pid_t vm_spawn(struct vm *vm, const char *log, char *const argv[], void (*prepare)(struct vm *vm),
	       struct error *err)
{
	char path[PATH_MAX];
	pid_t pid, parent = getpid();
	int fd;

	vm_path(vm, log, path);
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
	/* what the script has open by itself, too, is nothing to it */
	if (dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO) < 0 ||
	    dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0 ||
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC))
		_exit(127);
	if (prepare)
		prepare(vm);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

bool vm_has_ended(pid_t *pid)
{
	if (*pid > 0 && waitpid(*pid, NULL, WNOHANG) == *pid)
		*pid = 0;
	return *pid <= 0;
}

void vm_kill(pid_t *pid)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	*pid = 0;
}

void vm_read_log(const struct vm *vm, const char *name, bool last, char *text, size_t size)
{
	char path[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;
	ssize_t len;
	size_t at = 0;
	off_t end;

	text[0] = '\0';
	vm_path(vm, name, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	len = pread(fd, text, size - 1,
		    last && end > (off_t)size - 1 ? end - (off_t)(size - 1) : 0);
	for (ssize_t i = 0; i < len; i++)
		if ((unsigned char)text[i] >= ' ' || text[i] == '\n' || text[i] == '\t')
			text[at++] = text[i];
	text[at] = '\0';
}

void vm_read_tail(const struct vm *vm, const char *name, char *tail, size_t size)
{
	vm_read_log(vm, name, true, tail, size);
}

bool vm_log_contains(const struct vm *vm, const char *name, const char *words)
{
	char tail[8192];

	vm_read_tail(vm, name, tail, sizeof(tail));
	return strstr(tail, words) != NULL;
}
