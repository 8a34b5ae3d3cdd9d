// SPDX-License-Identifier: GPL-2.0
/* The worker that becomes another program. */
#include <errno.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

static int check(const struct worker_spec *spec, struct error *err)
{
	if (!spec->argv || !spec->argv[0] || !*spec->argv[0])
		return error_set(err, EINVAL,
				 "argv: missing; the exec kind needs {\"program\", \"arg\", ...}");
	return worker_check_user(spec, err);
}

static void run(const struct worker_spec *spec, struct worker_shared *s)
{
	worker_settle(spec, s);
	execvp(spec->argv[0], spec->argv);
	worker_fail(s, errno, "%s", spec->argv[0]);
}

const struct worker_kind worker_exec = {
	.name = "exec",
	.takes = "argv! output size user",
	.check = check,
	.run = run,
};
