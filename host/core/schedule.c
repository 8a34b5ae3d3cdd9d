// SPDX-License-Identifier: GPL-2.0
#include "schedule.h"

#include <math.h>

/* Rounded: 0.1 s at 30 a second are 3. */
static uint64_t requests_of(const struct schedule_phase *phase)
{
	return llround(phase->rate * phase->seconds);
}

uint64_t schedule_count(const struct schedule_phase *phases, size_t n)
{
	uint64_t count = 0;

	for (size_t k = 0; k < n; k++)
		count += requests_of(&phases[k]);
	return count;
}

double schedule_end(const struct schedule_phase *phases, size_t n)
{
	double end = 0;

	for (size_t k = 0; k < n; k++)
		end += phases[k].seconds;
	return end;
}

double schedule_due(const struct schedule_phase *phases, size_t n, uint64_t i)
{
	double begun = 0;

	for (size_t k = 0; k < n; k++) {
		uint64_t count = requests_of(&phases[k]);

		if (i < count)
			return begun + i / phases[k].rate;
		i -= count;
		begun += phases[k].seconds;
	}
	return begun;
}
