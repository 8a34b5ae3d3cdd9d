// SPDX-License-Identifier: GPL-2.0
#include "hostwait.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "bpflog.h"
#include "embed.h"
#include "error.h"

/* As in hostwait.bpf.c. */
struct wait {
	uint32_t lock, in_flight;
	uint64_t since_ns, since_idle_ns, requests, ns, idle_ns;
};

static int attach(struct hostwait *h)
{
	struct bpf_program *prog;
	unsigned int n = 0;

	bpf_object__for_each_program(prog, h->object) {
		h->links[n] = bpf_program__attach(prog);
		if (!h->links[n++])
			return -1;
	}
	return 0;
}

int hostwait_open(struct hostwait *h, struct error *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "hostwait");
	const void *image;
	size_t size;
	int code;

	memset(h, 0, sizeof(*h));
	bpflog_start();
	image = embed_find("measure/hostwait.bpf.o", &size);
	h->object = image ? bpf_object__open_mem(image, size, &opts) : NULL;
	if (h->object && !bpf_object__load(h->object) && !attach(h)) {
		h->waits = bpf_object__find_map_fd_by_name(h->object, "waits");
		return 0;
	}
	code = errno == ESRCH || errno == ENOENT ? ENOTSUP : errno; /* ESRCH: no such tracepoint */
	hostwait_close(h);
	return error_set(err, code, "measuring file requests: %s", strerror(code));
}

int hostwait_watch(struct hostwait *h, uint64_t cgroup, struct error *err)
{
	struct wait none = {0};

	if (!bpf_map_update_elem(h->waits, &cgroup, &none, BPF_ANY))
		return 0;
	return error_set(err, errno, "measuring file requests: %s", strerror(errno));
}

int hostwait_read(const struct hostwait *h, uint64_t cgroup, struct hostwait_sum *sum,
		  struct error *err)
{
	struct wait wait;

	if (bpf_map_lookup_elem(h->waits, &cgroup, &wait))
		return error_set(err, errno, "measuring file requests: %s", strerror(errno));
	*sum = (struct hostwait_sum){
		.requests = wait.requests, .ns = wait.ns, .idle_ns = wait.idle_ns};
	return 0;
}

void hostwait_close(struct hostwait *h)
{
	for (unsigned int i = 0; i < sizeof(h->links) / sizeof(*h->links); i++)
		bpf_link__destroy(h->links[i]);
	bpf_object__close(h->object);
	memset(h, 0, sizeof(*h));
}
