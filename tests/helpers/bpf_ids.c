// SPDX-License-Identifier: GPL-2.0
/* Prints the ids of all BPF programs, maps and links of this kernel, a line for each kind. */
#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>

static int print_ids(const char *kind, int (*next)(__u32 start, __u32 *id))
{
	__u32 id = 0;

	printf("%s", kind);
	while (!next(id, &id))
		printf(" %u", id);
	printf("\n");
	return errno == ENOENT ? 0 : 1;
}

int main(void)
{
	return print_ids("programs", bpf_prog_get_next_id) | print_ids("maps", bpf_map_get_next_id) |
	       print_ids("links", bpf_link_get_next_id);
}
