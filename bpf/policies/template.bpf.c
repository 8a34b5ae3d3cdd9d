// SPDX-License-Identifier: GPL-2.0
/*
 * template: a small policy that works, to write your own from. Each tenant has a soft limit; over it, every
 * charge is delayed by an amount that grows with the excess.
 *
 *	cp template.bpf.c mine.bpf.c			# beside memlua.bpf.h and ../memcg_bpf_ops.h
 *	clang -target bpf -g -O2 -idirafter /usr/include/$(gcc -print-multiarch) -c mine.bpf.c
 *			(libbpf's headers >= 1.4; or leave mine.bpf.c in bpf/policies, and `make` builds it in as "mine")
 *
 *	local p <close> = assert(policy.attach("./mine.bpf.o", {
 *	        tenant = { { a, soft = "64M" }, { b, soft = "128M" } },
 *	        config = { ms_per_mb = 50 },
 *	}))
 *	print(p:stats().delay_active)
 *
 * What the host looks for in an object; everything but the first is optional:
 *
 *   1. a role: a struct memcg_bpf_ops in SEC(".struct_ops.link"). Its name is the role's. One policy may
 *      have several (see priority.bpf.c). Which callbacks there are, and when they are asked, stands in
 *      ../memcg_bpf_ops.h; leave out those you don't need. All run under RCU and must not sleep;
 *   2. `config`, a global struct, volatile because the host writes it while the programs run;
 *   3. `stats`, a global struct of counters;
 *   4. ROLE_memcg, a hash map from cgroup id to a struct: what the policy knows about each tenant. The host
 *      makes one entry per tenant with the settings given, and sizes the map;
 *   5. ROLE_join, a SEC("syscall") program that accepts or refuses a tenant;
 *   6. any other program, e.g. fentry: attached as its section says. __when() and __one_of() in memlua.bpf.h
 *      choose among them;
 *   7. POLICY(): its description.
 *
 * Members may be integers, bool, enums (set by the enumerator's name), char arrays, arrays, structs.
 */
#include "memlua.bpf.h"

/* 2. The initial values are the defaults. */
struct template_config {
	__u32 ms_per_mb __doc("delay per MB over the soft limit") __unit("ms");
};

volatile struct template_config config = {
	.ms_per_mb = 20,
};

/* 3. */
struct template_stats {
	__u64 delay_calls __doc("tenants asked");
	__u64 delay_active __doc("of these, delayed");
};

struct template_stats stats;

/* 4. Settings and counters side by side. */
struct tenant {
	__u64 soft __doc("soft limit") __unit("bytes");
	__u64 active __doc("times delayed");
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, struct tenant);
} tenant_memcg SEC(".maps");

/*
 * The callback. memcg is the cgroup that is charged, the attached one or one below it (a container's processes):
 * memcg_attached() finds the entry, and makes memcg the attached one, whose usage counts.
 */
SEC("struct_ops/memcg_charged")
unsigned int BPF_PROG(tenant_charged, struct mem_cgroup *memcg)
{
	struct tenant *tenant = memcg_attached(&tenant_memcg, &memcg);
	__u64 usage = memcg_usage(memcg);

	count(&stats.delay_calls);
	if (!tenant || usage <= tenant->soft)
		return 0;
	count(&stats.delay_active);
	count(&tenant->active);
	return config.ms_per_mb * ((usage - tenant->soft) >> 20);
}

/* 5. Before the cgroup is attached; a negative number refuses it, and the user reads why. */
SEC("syscall")
int tenant_join(struct memlua_join *ctx)
{
	__u64 id = ctx->cgroup_id;
	struct tenant *tenant = bpf_map_lookup_elem(&tenant_memcg, &id);

	if (!tenant)
		return -ENOENT;
	if (!tenant->soft)
		return refuse(ctx, -EINVAL, "soft: missing; the usage from which on it is delayed");
	return 0;
}

/* 1. The role, and which programs are its callbacks. */
SEC(".struct_ops.link")
struct memcg_bpf_ops tenant = {
	.memcg_charged = (void *)tenant_charged,
};

/* 7. */
POLICY("template for your own: tenants over their soft limit are delayed");
