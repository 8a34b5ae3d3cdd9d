/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_HISTOGRAM_H
#define MEMLUA_HISTOGRAM_H

#include <stdint.h>

/*
 * A log-linear histogram: every power of two is cut into 32 buckets of equal width, so a value is
 * known to 1/32 (3.1 %) of itself; values below 64 are exact. The bounds are the same in every
 * histogram, so several merge exactly, bucket by bucket. The scheme is that of G. Tene's
 * HdrHistogram (http://hdrhistogram.org).
 */
#define HISTOGRAM_BITS 5
/* 32 exact buckets, then 32 for each highest bit from 5 to 62: Lua's integers hold 63 bits. */
#define HISTOGRAM_BUCKETS ((63 - HISTOGRAM_BITS + 1) << HISTOGRAM_BITS)
#define HISTOGRAM_MAX ((uint64_t)INT64_MAX)

/* All zeros is the empty histogram. It may be shared between processes that take turns. */
struct histogram {
	uint64_t added, min, max, sum;
	uint64_t count[HISTOGRAM_BUCKETS];
};

/** histogram_add() - count one value; above HISTOGRAM_MAX it counts as HISTOGRAM_MAX. */
void histogram_add(struct histogram *h, uint64_t value);

/** histogram_index() - the bucket of a value of at most HISTOGRAM_MAX. */
unsigned int histogram_index(uint64_t value);

/** histogram_bounds() - the least and the greatest value of a bucket, both inside it. */
void histogram_bounds(unsigned int index, uint64_t *lo, uint64_t *hi);

/** histogram_total() - how many values were counted. */
uint64_t histogram_total(const struct histogram *h);

#endif
