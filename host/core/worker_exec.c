// SPDX-License-Identifier: GPL-2.0
/* The worker that becomes another program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

static int check(const struct worker_spec *spec, struct error *err)
{
	if (!spec->argv || !spec->argv[0] || !*spec->argv[0])
		return error_set(err, EINVAL,
				 "argv: missing; the exec kind needs {\"program\", \"arg\", ...}");
	return 0;
}

static void redirect(const struct worker_spec *spec, struct worker_shared *s)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = STDERR_FILENO; /* standard output is memlua's document */

	if (spec->output)
		out = open(spec->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0)
		worker_fail(s, errno, "%s", spec->output);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		worker_fail(s, errno, "standard streams");
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	redirect(spec, s);
	execvp(spec->argv[0], spec->argv);
	worker_fail(s, errno, "%s", spec->argv[0]);
}

const struct worker_kind worker_exec = {
	.name = "exec",
	.check = check,
	.run = run,
};
