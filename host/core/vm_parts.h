/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_VM_PARTS_H
#define MEMLUA_VM_PARTS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "vm.h"

/* What the microVM's parts (vm*.c) share; nobody else includes it. */

struct error;
struct results;

enum port { OUT, ERR, CONTROL, RESULTS, IN, PORTS };

struct vm {
	const struct vm_config *config;
	char dir[PATH_MAX - 64]; /* sockets, console and results, removed at the end */
	int lock;                /* says that we use it */
	pid_t virtiofsd, qemu;
	int ports[PORTS];        /* our ends, -1 when closed */
	int guest_ends[PORTS];   /* QEMU's, while it is started */
	struct results *results; /* NULL: there is no folder for them */
	char control[64];        /* what the guest has reported, line by line */
	size_t control_len;
	bool up;           /* user space has been reached */
	int shown;         /* the second of the boot that the terminal shows, -1: none */
	bool done;         /* the exit status has come, */
	struct vm_end end; /* with what the guest knows of the end */
	double started, deadline;
	double root_lost; /* when virtiofsd was seen to have ended, 0: it runs */
	int interrupted;  /* the signal that was passed on, 0: none */
	/* of our standard input: nothing more comes; it is a terminal in raw mode */
	bool input_ended, raw;
	struct termios cooked; /* what the terminal was before */
	bool timed_out;
	bool lost; /* the results could not be kept */
};

/* vm_process.c */

/** vm_path() - the path of a file in the VM's folder. */
void vm_path(const struct vm *vm, const char *name, char path[PATH_MAX]);

/**
 * vm_spawn() - start a program that dies with us.
 * @log:     file in the VM's folder that takes its output
 * @prepare: called in the child before the program, or NULL
 * Return: its pid, or -1.
 */
pid_t vm_spawn(struct vm *vm, const char *log, char *const argv[], void (*prepare)(struct vm *vm),
	       struct error *err);

/** vm_has_ended() - whether it has, or was never there; *pid becomes 0. */
bool vm_has_ended(pid_t *pid);

/** vm_kill() - end it for sure, and wait for that; *pid becomes 0. */
void vm_kill(pid_t *pid);

/** vm_read_log() - the first or the @last bytes of a file in the VM's folder, control characters removed. */
void vm_read_log(const struct vm *vm, const char *name, bool last, char *text, size_t size);

/** vm_read_tail() - its last bytes. */
void vm_read_tail(const struct vm *vm, const char *name, char *tail, size_t size);

/** vm_log_contains() - whether its last 8 KB have these words. */
bool vm_log_contains(const struct vm *vm, const char *name, const char *words);

/** vm_start_root() (vm_root.c) - share the root file system, read-only. Return: 0, or -1 with virtiofsd's reason. */
int vm_start_root(struct vm *vm, struct error *err);

/** vm_start_qemu() (vm_qemu.c) - start the machine; vm->ports are our ends of what leads into it. Return: 0 or -1. */
int vm_start_qemu(struct vm *vm, struct error *err);

#endif
