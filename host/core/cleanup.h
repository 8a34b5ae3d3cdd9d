/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CLEANUP_H
#define MEMLUA_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

/* Cleanup attributes: what a function holds is released on each of its ways out. */

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define CLEANUP_FREE __attribute__((cleanup(cleanup_free)))
#define CLEANUP_CLOSE __attribute__((cleanup(cleanup_close)))

/* Hand a descriptor to somebody who outlives the scope. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
