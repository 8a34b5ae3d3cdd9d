/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Behind a policy, compiled for the machine itself: four tenants below one parent, and commands by which they are changed
 * and the policy is asked. What depends on the policy is defined before this is included: MAPS, a list of
 * MAP(map, struct of its entries, first tenant, last), set_member(tenant, name, value), ask(program, memcg,
 * argument), show().
 */
#include <stdlib.h>

#define TENANTS 4

static struct mem_cgroup memcgs[TENANTS + 1]; /* 0: the parent */
static struct cgroup groups[TENANTS + 1];
static struct kernfs_node nodes[TENANTS + 1];
static __u64 stalls[TENANTS + 1][PSI_MEM_SOME + 1]; /* struct psi_group; ns */
static __u64 refaults_of_file[TENANTS + 1];
static __u64 time_ns;

static void *entry(__u64 id);

void *bpf_map_lookup_elem(void *map, const void *key)
{
	__u64 id = *(const __u64 *)key;

#define MAP(name, type, first, last)                                                               \
	if (map == (void *)&name && id >= first && id <= last)                                     \
		return entry(id);
	MAPS
#undef MAP
	return NULL;
}

long bpf_for_each_map_elem(void *map, void *body, void *context, __u64 flags)
{
	long (*call)(void *, __u64 *, void *, void *) = body;

	for (__u64 id = 1; id <= TENANTS; id++) {
		void *value = bpf_map_lookup_elem(map, &id);

		if (value && call(map, &id, value, context))
			break;
	}
	return 0;
}

__u64 bpf_ktime_get_ns(void)
{
	return time_ns;
}

struct cgroup *bpf_cgroup_from_id(__u64 id)
{
	return &groups[id];
}

void bpf_cgroup_release(struct cgroup *cgroup)
{
}

struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgroup, int level)
{
	return level ? cgroup : &groups[0];
}

struct mem_cgroup *bpf_get_mem_cgroup(struct cgroup_subsys_state *css)
{
	return (struct mem_cgroup *)css->cgroup->subsys[0];
}

void bpf_put_mem_cgroup(struct mem_cgroup *memcg)
{
}

unsigned long bpf_mem_cgroup_page_state(struct mem_cgroup *memcg, int idx)
{
	return idx == WORKINGSET_REFAULT_FILE ? refaults_of_file[memcg - memcgs] : 0;
}

static void set_up(void)
{
	for (int i = 0; i <= TENANTS; i++) {
		nodes[i].id = i ? i : 99;
		groups[i].kn = &nodes[i];
		groups[i].subsys[0] = &memcgs[i].css;
		groups[i].self.cgroup = &groups[i];
		groups[i].level = !!i;
		groups[i].psi = (struct psi_group *)stalls[i];
		memcgs[i].css.cgroup = &groups[i];
		memcgs[i].css.parent = i ? &memcgs[0].css : NULL;
		memcgs[i].memory.parent = i ? &memcgs[0].memory : NULL;
	}
}

int main(void)
{
	char word[64], name[64];
	unsigned long long id;
	long long a, b, c;

	set_up();
	while (scanf("%63s %llu %63s %lld %lld %lld", word, &id, name, &a, &b, &c) == 6) {
		if (!strcmp(word, "time")) {
			time_ns = a;
		} else if (!strcmp(word, "pages")) {
			memcgs[id].memory.usage.counter = a;
			memcgs[id].memory.max = b;
			memcgs[id].memory.high = c;
		} else if (!strcmp(word, "counts")) {
			refaults_of_file[id] += a;
			stalls[id][PSI_MEM_SOME] += b;
		} else if (!strcmp(word, "set")) {
			set_member(id, name, a);
		} else if (!strcmp(word, "ask")) {
			printf("%s %llu: %lld\n", name, id, ask(name, &memcgs[id], a));
		} else if (!strcmp(word, "show")) {
			show();
		}
	}
	return 0;
}
