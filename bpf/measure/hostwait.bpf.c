// SPDX-License-Identifier: GPL-2.0
/*
 * hostwait: how long tenants' own file requests (FUSE: in the microVM all that the root file system has to ask the
 * host for) are in flight, and how much of that time the CPU idled: there the virtual clock may leap.
 *
 * Requests are their sender's; a tenant's are those of its cgroup and of all below it. Read-ahead that waits its turn
 * in the kernel is sent by a worker of the kernel's and counts for nobody. Requests that overlap count once.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/* host/core/hostwait.c reads it. */
struct wait {
	struct bpf_spin_lock lock;
	__u32 in_flight;
	__u64 since_ns, since_idle_ns;
	__u64 requests, ns, idle_ns;
};

/* Of the tenants, which the host enters by their cgroups' ids. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wait);
} waits SEC(".maps");

/* Whose a request in flight is, by its address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} owners SEC(".maps");

/* Of a machine with one CPU: all idle time that has ended. */
__u64 idle_ns, idle_since_ns;

#define LEVELS 16

static struct wait *wait_of_current(__u64 *id)
{
	struct wait *found = NULL;

	for (int level = 1; level < LEVELS; level++) {
		__u64 ancestor = bpf_get_current_ancestor_cgroup_id(level);
		struct wait *wait = ancestor ? bpf_map_lookup_elem(&waits, &ancestor) : NULL;

		if (!ancestor)
			break;
		if (wait) {
			found = wait;
			*id = ancestor;
		}
	}
	return found;
}

SEC("tp_btf/fuse_request_send")
int BPF_PROG(sent, const void *req)
{
	__u64 key = (__u64)req, id = 0, now = bpf_ktime_get_ns();
	struct wait *wait = wait_of_current(&id);

	if (!wait || bpf_map_update_elem(&owners, &key, &id, BPF_ANY))
		return 0;
	bpf_spin_lock(&wait->lock);
	wait->requests++;
	if (!wait->in_flight++) {
		wait->since_ns = now;
		wait->since_idle_ns = idle_ns;
	}
	bpf_spin_unlock(&wait->lock);
	return 0;
}

SEC("tp_btf/fuse_request_end")
int BPF_PROG(ended, const void *req)
{
	__u64 key = (__u64)req, now = bpf_ktime_get_ns();
	__u64 *id = bpf_map_lookup_elem(&owners, &key);
	struct wait *wait = id ? bpf_map_lookup_elem(&waits, id) : NULL;

	if (id)
		bpf_map_delete_elem(&owners, &key);
	if (!wait)
		return 0;
	bpf_spin_lock(&wait->lock);
	if (wait->in_flight && !--wait->in_flight) {
		wait->ns += now - wait->since_ns;
		wait->idle_ns += idle_ns - wait->since_idle_ns;
	}
	bpf_spin_unlock(&wait->lock);
	return 0;
}

/* PWR_EVENT_EXIT, include/trace/events/power.h */
#define NOT_IDLE ((__u32)-1)

SEC("tp_btf/cpu_idle")
int BPF_PROG(idle, unsigned int state)
{
	__u64 now = bpf_ktime_get_ns();

	if (state != NOT_IDLE) {
		idle_since_ns = now;
	} else if (idle_since_ns) {
		idle_ns += now - idle_since_ns;
		idle_since_ns = 0;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
