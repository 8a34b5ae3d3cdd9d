/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_KMOD_H
#define MEMLUA_KMOD_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * The kernel module memcg_bpf_ops, which gives a stock kernel the struct_ops type that the policies need.
 * It is loaded for the first user and, if a memlua loaded it, unloaded after the last, whichever process that is in.
 */

/**
 * kmod_acquire() - have the module loaded; each success needs a kmod_release().
 *
 * The file is the one that the environment's MEMLUA_KMOD names, else that of kmod_find_installed(). One that a killed
 * memlua left is unloaded first, and that is said.
 * Return: 0, or -1: not found (ENOENT), built for another kernel (ENOEXEC), not permitted (EPERM, EKEYREJECTED).
 */
int kmod_acquire(struct error *err);

/**
 * kmod_find_installed() - the module's file that dkms or modules_install put below /lib/modules for the running kernel,
 * compressed or not.
 * @size: of @path, bytes
 * Return: whether there is one.
 */
bool kmod_find_installed(char *path, size_t size);

/**
 * kmod_release() - one user less. The kernel lets go of the last policy's parts a moment after it was detached:
 * waits for that, up to 5 seconds, then leaves the module loaded.
 */
void kmod_release(void);

/**
 * kmod_keep() - whether the module stays, from the next kmod_acquire() on until this is called with false: to load it and let go
 * of it takes longer than what some of its users do. Without a user nothing is loaded.
 */
void kmod_keep(bool on);

#endif
