// SPDX-License-Identifier: GPL-2.0
/* The worker that is somebody else: a service that refuses root, a user's own program. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "error.h"
#include "worker_child.h"

int worker_check_user(const struct worker_spec *spec, struct error *err)
{
	if (!spec->user)
		return 0;
	if (!getpwnam(spec->user))
		return error_set(err, EINVAL, "user = %s: no such user on this machine",
				 spec->user);
	if (geteuid())
		return error_set(
			err, EPERM,
			"user = %s: only root may start something as another user; use the microVM (--vm)",
			spec->user);
	return 0;
}

/* What a login gives a program of the user's. */
static int set_names(const struct passwd *user)
{
	return setenv("HOME", user->pw_dir, 1) || setenv("USER", user->pw_name, 1) ||
	       setenv("LOGNAME", user->pw_name, 1) || setenv("SHELL", user->pw_shell, 1);
}

static void become(const char *name, struct worker_shared *s)
{
	const struct passwd *user = getpwnam(name);
	pid_t parent = getppid();

	if (!user || initgroups(name, user->pw_gid) || setgid(user->pw_gid) ||
	    setuid(user->pw_uid) || set_names(user))
		worker_fail(s, errno, "user = %s", name);
	/* It is forgotten with the old user, prctl(2). */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
}

void worker_settle(const struct worker_spec *spec, struct worker_shared *s)
{
	worker_redirect(spec, s);
	for (char *const *variable = spec->env; variable && *variable; variable++)
		if (putenv(*variable))
			worker_fail(s, errno, "environment: %s", *variable);
	if (spec->user)
		become(spec->user, s);
}
