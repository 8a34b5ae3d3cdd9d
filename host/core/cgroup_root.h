/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_CGROUP_ROOT_H
#define MEMLUA_CGROUP_ROOT_H

/* Internal to the cgroup files; the contract of the root is in cgroup.h. */

struct error;

/* Descriptor of memlua's root, made on first use; not to be closed. */
int cgroup_root_dir(struct error *err);

#endif
