/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_GUEST_PARTS_H
#define MEMLUA_GUEST_PARTS_H

/* What the guest's parts (guest*.c) share; nobody else includes it. */

/** guest_die() - no way to go on: say why on the console, which the host shows, and let the kernel panic. */
_Noreturn void guest_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** guest_mount() - a file system of that type, unless one is there; dies where that fails. */
void guest_mount(const char *type, const char *where, const char *data);

/** guest_mount_system() - what a kernel offers as files: /proc, /sys, /dev, cgroups, and what is kept in memory. */
void guest_mount_system(void);

/**
 * guest_make_writable() - lay a disk over the read-only root; what is written goes to it and ends with the machine. The disk
 * is memory of the kernel's own, charged to nobody, as that of a real one; the pages cached above it are the writer's,
 * and can be reclaimed.
 * @modules: folder that has lib/modules of this kernel
 * @mib:     size of the disk
 * Return: NULL, or why the root stays read-only: a kernel without its modules, a machine of an ordinary user.
 */
const char *guest_make_writable(const char *modules, unsigned long mib);

/** guest_start_network() - the loopback interface is up. */
void guest_start_network(void);

#endif
