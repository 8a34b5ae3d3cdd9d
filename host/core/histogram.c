// SPDX-License-Identifier: GPL-2.0
#include "histogram.h"

#define SUB (1u << HISTOGRAM_BITS)

unsigned int histogram_index(uint64_t value)
{
	unsigned int shift;

	if (value < SUB)
		return value;
	shift = 63 - __builtin_clzll(value) - HISTOGRAM_BITS;
	return shift * SUB + (unsigned int)(value >> shift);
}

void histogram_bounds(unsigned int index, uint64_t *lo, uint64_t *hi)
{
	unsigned int shift = index < 2 * SUB ? 0 : index / SUB - 1;

	*lo = (uint64_t)(index - shift * SUB) << shift;
	*hi = *lo + (1ULL << shift) - 1;
}

void histogram_add(struct histogram *h, uint64_t value)
{
	unsigned int index;

	if (value > HISTOGRAM_MAX)
		value = HISTOGRAM_MAX;
	index = histogram_index(value);
	/* The bucket last: whoever is killed in between has not counted the value. */
	if (!h->added++ || value < h->min)
		h->min = value;
	if (value > h->max)
		h->max = value;
	h->sum += value;
	h->count[index]++;
}

uint64_t histogram_total(const struct histogram *h)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		total += h->count[i];
	return total;
}
