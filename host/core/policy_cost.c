// SPDX-License-Identifier: GPL-2.0
/* What a policy's programs cost, by the kernel's own statistics. */
#include "policy_cost.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "error.h"
#include "policy_parts.h"

int policy_count_cost(struct policy *p, struct error *err)
{
	if (p->counting)
		return 0;
	p->counting_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (p->counting_fd < 0)
		return error_set(err, errno, "%s: the kernel doesn't count its programs' time: %s",
				 p->name, strerror(errno));
	p->counting = true;
	return 0;
}

static struct bpf_program *loaded_program(const struct policy *p, unsigned int nth)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, p->object)
		if (bpf_program__fd(prog) >= 0 && nth-- == 0)
			return prog;
	return NULL;
}

int policy_cost(const struct policy *p, unsigned int nth, struct policy_cost *cost,
		struct error *err)
{
	struct bpf_program *prog = loaded_program(p, nth);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (!prog)
		return 0;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &size))
		return error_set(err, errno, "%s: %s: %s", p->name, bpf_program__name(prog),
				 strerror(errno));
	*cost = (struct policy_cost){bpf_program__name(prog), info.run_cnt, info.run_time_ns};
	return 1;
}
