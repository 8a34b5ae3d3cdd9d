/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_POLICY_COST_H
#define MEMLUA_POLICY_COST_H

#include <stdint.h>

struct error;
struct policy;

/* Of one program since it was loaded, as far as the kernel was counting. */
struct policy_cost {
	const char *name; /* as long as the policy is open */
	uint64_t calls, time_ns;
};

/**
 * policy_count_cost() - have the kernel count from now on (BPF_ENABLE_STATS: all programs of the machine, each call
 * reads the clock twice more), until the policy is closed. Twice is fine.
 * Return: 0, or -1: not permitted (EPERM), a kernel before 5.8 (EINVAL).
 */
int policy_count_cost(struct policy *p, struct error *err);

/**
 * policy_cost() - what the nth program of an attached policy cost.
 * Return: 1; 0: there is no nth program; -1: the kernel doesn't tell.
 */
int policy_cost(const struct policy *p, unsigned int nth, struct policy_cost *cost,
		struct error *err);

#endif
