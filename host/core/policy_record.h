/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_POLICY_RECORD_H
#define MEMLUA_POLICY_RECORD_H

#include <stdint.h>

struct error;
struct policy;

/*
 * The recording of a policy in Lua whose object was made for it (bpf/policies/lua_record.h): its calls, from the ring buffer
 * into a file. The format is told by memlua.policy.recording.
 */

/* What became of the calls. A call that the ring buffer had no room for is counted by the policy itself. */
struct policy_recorded {
	uint64_t calls;  /* in the file */
	uint64_t cut;    /* of these, some readings are missing */
	uint64_t beyond; /* not kept: the file is full */
	uint64_t bytes;  /* of the file */
};

/**
 * policy_record() - begin to keep the calls of an attached policy, those since it was loaded included.
 * @path: of the file, made anew
 * @header: what stands before the calls, a line
 * @most: bytes that the file may have
 * Return: 0, or -1: the object was not made for it (ENOENT), it is recorded already (EBUSY), the file can't be written.
 */
int policy_record(struct policy *p, const char *path, const char *header, uint64_t most,
		  struct error *err);

/**
 * policy_drain() - put what has been called since into the file. Nobody else may read the ring buffer.
 * Return: 0, or -1: not recorded (ENOENT), the file can't be written.
 */
int policy_drain(struct policy *p, struct error *err);

/** policy_recorded() - what is kept. Return: 0, or -1: not recorded (ENOENT). */
int policy_recorded(const struct policy *p, struct policy_recorded *recorded, struct error *err);

#endif
