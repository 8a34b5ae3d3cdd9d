/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_VM_H
#define MEMLUA_VM_H

#include <stdbool.h>
#include <stdint.h>

struct error;

/*
 * The microVM: a distribution kernel in QEMU whose root is the machine's own root file system, shared
 * read-only over virtiofs, with memlua as init (guest.c). Output, interrupts, results and the exit
 * status travel over virtio ports, never over the console.
 */
struct vm_config {
	const char *image;  /* the kernel: a bzImage, or an ELF file with a PVH entry */
	const char *init;   /* absolute path of this binary */
	const char *spec;   /* JSON for guest.c: argv, cwd, env, out */
	const char *out;    /* folder that takes the results; NULL: there are none */
	const char *append; /* more words for the kernel's command line, or NULL */
	bool kvm;           /* else TCG */
	unsigned int qemu;  /* the first number of its version; 0: not known */
	bool virtual_clock; /* QEMU's instruction counter is the clock; one CPU */
	/* standard input goes to the command, which has a terminal if we have one */
	bool interactive;
	bool watched; /* show on standard error, a terminal, that the boot goes on */
	unsigned int cpus;
	uint64_t memory;     /* bytes */
	double boot_timeout; /* seconds until the guest's user space must be up */
	double timeout;      /* seconds for everything, 0: no limit */
};

/* How the command in the guest ended. */
struct vm_end {
	int status; /* its exit status, 128 + the signal where one killed it */
	int signal; /* that killed it, 0: none */
	bool oom;   /* sent by the kernel, which was out of memory */
};

/**
 * vm_run() - boot, run the command of the spec, copy its output to standard output and error, unpack
 * its results, clean up. SIGINT and SIGTERM are passed on to the command.
 * @end: how the command ended; with an error its status is 255 after a guest panic, 124 after the time-out, 5
 *       after an interrupt, 1 otherwise
 * Return: 0 when the guest ended in order, else -1 with the console's tail in @err.
 */
int vm_run(const struct vm_config *config, struct vm_end *end, struct error *err);

/**
 * vm_virtiofsd() - the daemon that shares the root file system with the guest.
 * @rust: which of the two daemons it is; they take different options
 * Return: its path, or NULL when none is installed.
 */
const char *vm_virtiofsd(bool *rust);

#endif
