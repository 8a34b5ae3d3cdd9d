/* SPDX-License-Identifier: GPL-2.0 */
/* Nothing is relocated; what is read through NULL is 0. */
#define READ_1(from, member)                                                                       \
	({                                                                                         \
		__typeof__(from) __from = (from);                                                  \
		__from ? __from->member : 0;                                                       \
	})
#define READ_2(from, a, b) READ_1(READ_1(from, a), b)
#define READ_3(from, a, b, c) READ_1(READ_2(from, a, b), c)
#define READ_OF(a, b, c, name, ...) name
#define BPF_CORE_READ(from, members...) READ_OF(members, READ_3, READ_2, READ_1)(from, members)
#define bpf_core_read(to, size, from) memcpy(to, from, size)
/* The memory controller is the only one that a cgroup has here. */
#define bpf_core_enum_value(type, value) ((value) == memory_cgrp_id ? 0 : (value))
#define bpf_core_field_exists(type, field) 1
#define bpf_core_field_offset(type, field) offsetof(type, field)
