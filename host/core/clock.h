/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CLOCK_H
#define MEMLUA_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000ULL

/* Nanoseconds of CLOCK_MONOTONIC: the one clock of all results, the same in parent and child. */
static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* At most some 285 years, so that adding it to a time does not overflow. */
static inline uint64_t seconds_to_ns(double seconds)
{
	return seconds < 9e9 ? (uint64_t)(seconds * 1e9) : 9000000000 * NSEC_PER_SEC;
}

/* Sleep until that time of clock_ns(), however many signals come in between. */
static inline void sleep_until_ns(uint64_t when)
{
	struct timespec until = {.tv_sec = when / NSEC_PER_SEC, .tv_nsec = when % NSEC_PER_SEC};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
		;
}

#endif
