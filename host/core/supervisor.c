// SPDX-License-Identifier: GPL-2.0
#include "supervisor.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cleanup.h"
#include "guest.h"

/* The supervisor should be about the last to go when the whole machine runs out of memory. */
#define SUPERVISOR_OOM_SCORE (-900)

static int own_oom_score; /* before we changed it: what children go back to */

static bool write_oom_score(int score)
{
	CLEANUP_CLOSE int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", score);

	return fd >= 0 && write(fd, text, len) == len;
}

/*
 * What is reclaimed of us while tenants fill the machine comes back late: 26 major faults and sleeps 15 ms too
 * long in a guest of 512 MB, none and 1 ms when locked. A cgroup of our own with memory.min did not help (23):
 * what a process was charged before it moved there stays where it was. Children inherit no locks. Outside of the
 * guest RLIMIT_MEMLOCK may hold, under which MCL_FUTURE would make later allocations fail.
 */
static void lock_memory(void)
{
	mlockall(MCL_CURRENT | MCL_ONFAULT | (guest_active() ? MCL_FUTURE : 0));
}

static void lower_oom_score(void)
{
	CLEANUP_CLOSE int fd = -1;
	char text[16] = "";

	fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return;
	own_oom_score = atoi(text);
	if (own_oom_score > SUPERVISOR_OOM_SCORE)
		write_oom_score(SUPERVISOR_OOM_SCORE); /* needs CAP_SYS_RESOURCE */
}

void supervisor_protect(void)
{
	static bool tried;

	if (tried)
		return;
	tried = true;
	lower_oom_score();
	lock_memory();
}

void supervisor_unprotect(void)
{
	write_oom_score(own_oom_score);
}
