// SPDX-License-Identifier: GPL-2.0
/* The calls of a policy in Lua, from the ring buffer into a file. */
#include "policy_record.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "error.h"
#include "policy_parts.h"

#define RING "lua_recording"

/* struct lua_record of bpf/policies/lua_record.h, without the readings, each of READING bytes */
struct head {
	uint64_t time, tenant;
	int64_t argument[2], answer;
	uint16_t function, reads;
	uint8_t base, cut, ends, failed;
};
#define READING 16

/* A function that no policy has: the tenant has ended. */
#define DROPPED UINT16_MAX

struct recording {
	struct ring_buffer *ring;
	FILE *file;
	uint64_t most;
	struct policy_recorded told;
	int failed; /* errno of the first write that did */
};

static bool keep(struct recording *r, const void *record, size_t size)
{
	if (r->failed || r->told.bytes + size > r->most)
		return false;
	if (fwrite(record, size, 1, r->file) != 1) {
		r->failed = errno;
		return false;
	}
	r->told.bytes += size;
	return true;
}

/* libbpf's callback. Once one call is left out all others are: a gap in the middle would tell nothing. */
static int take(void *ctx, void *data, size_t size)
{
	struct recording *r = ctx;
	struct head head;

	if (size < sizeof(head))
		return -EINVAL;
	memcpy(&head, data, sizeof(head));
	if (sizeof(head) + (size_t)head.reads * READING > size)
		return -EINVAL;
	if (r->told.beyond || !keep(r, data, sizeof(head) + (size_t)head.reads * READING)) {
		r->told.beyond++;
		return 0;
	}
	r->told.calls++;
	r->told.cut += head.cut;
	return 0;
}

static void release(struct recording *r)
{
	ring_buffer__free(r->ring);
	if (r->file)
		fclose(r->file);
	free(r);
}

static int open_files(struct recording *r, const struct bpf_map *map, const char *path,
		      const char *header, struct error *err)
{
	r->ring = ring_buffer__new(bpf_map__fd(map), take, r, NULL);
	if (!r->ring)
		return error_set(err, errno, "the ring buffer: %s", strerror(errno));
	r->file = fopen(path, "wbe");
	if (!r->file)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	r->told.bytes = strlen(header) + 1;
	if (fprintf(r->file, "%s\n", header) < 0)
		return error_set(err, errno, "%s: %s", path, strerror(errno));
	return 0;
}

int policy_record(struct policy *p, const char *path, const char *header, uint64_t most,
		  struct error *err)
{
	const struct bpf_map *map = bpf_object__find_map_by_name(p->object, RING);
	struct recording *r;

	if (p->recording)
		return error_set(err, EBUSY, "%s: recorded already", p->name);
	if (!map || bpf_map__fd(map) < 0)
		return error_set(err, ENOENT,
				 "%s: its calls can't be recorded: it is none in Lua that was "
				 "made for it and is attached",
				 p->name);
	r = calloc(1, sizeof(*r));
	if (!r)
		return error_set(err, ENOMEM, "%s: not enough memory", p->name);
	r->most = most;
	if (open_files(r, map, path, header, err)) {
		release(r);
		return error_prefix(err, "%s", p->name);
	}
	p->recording = r;
	return policy_drain(p, err);
}

static int not_recorded(const struct policy *p, struct error *err)
{
	return error_set(err, ENOENT, "%s: not recorded", p->name);
}

int policy_drain(struct policy *p, struct error *err)
{
	struct recording *r = p->recording;
	int taken;

	if (!r)
		return not_recorded(p, err);
	taken = ring_buffer__consume(r->ring);
	if (taken >= 0 && fflush(r->file))
		r->failed = errno;
	if (taken < 0 || r->failed)
		return error_set(err, r->failed ? r->failed : -taken, "%s: its recording: %s",
				 p->name, strerror(r->failed ? r->failed : -taken));
	return 0;
}

int policy_recorded(const struct policy *p, struct policy_recorded *recorded, struct error *err)
{
	if (!p->recording)
		return not_recorded(p, err);
	*recorded = p->recording->told;
	return 0;
}

void policy_record_drop(struct policy *p, uint64_t id)
{
	struct head head = {.tenant = id, .function = DROPPED};
	struct timespec now;

	if (!p->recording)
		return;
	policy_drain(p, NULL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	head.time = now.tv_sec * 1000000000ULL + now.tv_nsec;
	if (!p->recording->told.beyond)
		keep(p->recording, &head, sizeof(head));
}

void policy_record_end(struct policy *p)
{
	if (p->recording)
		release(p->recording);
	p->recording = NULL;
}
