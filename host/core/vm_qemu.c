// SPDX-License-Identifier: GPL-2.0
/* QEMU: its words, and the ports into it. */
#include "vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"
#include "vm_parts.h"

static const char *const port_names[PORTS] = {"out", "err", "control", "results", "in"};

struct words {
	char *words[96];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) add(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (w->n + 1 < sizeof(w->words) / sizeof(*w->words) &&
	    vasprintf(&w->words[w->n], fmt, ap) >= 0)
		w->n++;
	va_end(ap);
}

static void free_words(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->words[i]);
}

static void add_machine(struct words *w, const struct vm_config *c)
{
	unsigned long long mib = c->memory >> 20;
	const char *threads = getenv("MEMLUA_TCG"); /* see CONTRIBUTING */

	add(w, "qemu-system-x86_64");
	for (const char *const *o = (const char *const[]){"-nodefaults", "-no-user-config",
							  "-no-reboot", "-display", "none", NULL};
	     *o; o++)
		add(w, "%s", *o);
	add(w, "-machine"), add(w, "q35,memory-backend=mem");
	add(w, "-object"), add(w, "memory-backend-memfd,id=mem,size=%lluM,share=on", mib);
	add(w, "-m"), add(w, "%lluM", mib);
	add(w, "-smp"), add(w, "%u", c->cpus);
	/*
	 * One thread for all CPUs: with one each, TCG of QEMU 7.2 once ran into the int3 that the guest
	 * kernel places while ftrace patches code (an oops in the hooked function).
	 */
	add(w, "-accel"), add(w, c->kvm ? "kvm" : "tcg,thread=%s", threads ? threads : "single");
	/*
	 * QEMU 7.2's TCG mistranslates CMPXCHG16B under -icount; without cx16 a kernel of 7.x gives a
	 * BPF program no worker (kmalloc_nolock() in mm/slub.c takes it). With erms the kernel clears a
	 * page by REP STOSB, 4096 counted iterations: half of what a page fault costs. A kernel that is
	 * entered unpacked stays at four levels of page tables: without la57 every one does.
	 */
	add(w, "-cpu"),
		add(w, c->kvm ? "host" : "max%s,-erms,-fsrm,-la57", c->qemu < 8 ? ",-cx16" : "");
	if (c->virtual_clock)
		add(w, "-icount"), add(w, "shift=1,sleep=off");
}

static void add_devices(struct words *w, const struct vm *vm)
{
	/* a file that outlives the folder, see CONTRIBUTING */
	const char *kept = getenv("MEMLUA_CONSOLE");

	add(w, "-chardev"), add(w, "socket,id=rootfs,path=%s/virtiofs.sock", vm->dir);
	add(w, "-device"), add(w, "vhost-user-fs-pci,chardev=rootfs,tag=rootfs,queue-size=1024");
	add(w, "-chardev"), add(w, "file,id=console,path=%s/console.log%s%s", vm->dir,
				kept ? ",logappend=on,logfile=" : "", kept ? kept : "");
	add(w, "-serial"), add(w, "chardev:console");
	add(w, "-device"), add(w, "virtio-serial-pci");
	for (int i = 0; i < PORTS; i++) {
		add(w, "-chardev"), add(w, "socket,id=%s,fd=%d", port_names[i], vm->guest_ends[i]);
		add(w, "-device"), add(w, "virtserialport,chardev=%s,name=memlua.%s", port_names[i],
				       port_names[i]);
	}
}

static void add_kernel(struct words *w, const struct vm *vm)
{
	const struct vm_config *c = vm->config;

	add(w, "-kernel"), add(w, "%s", c->image);
	/*
	 * A panic ends the machine (-no-reboot). The kernel log is a result, so user space may not be
	 * limited in writing it. The last line leaves out what costs boot time under TCG and changes
	 * nothing that is measured: mitigations (nothing untrusted shares this kernel), self-tests of
	 * the crypto code, security modules, the calibration of a clock that QEMU states exactly, and on the
	 * virtual clock's one CPU that of the APIC's timer, whose place the HPET takes; the names of enums in
	 * the formats of trace events, a random generator that times itself, the distribution's certificates,
	 * and a search for functions that no list of ftrace's shall name. nokaslr: an unpacked kernel lies
	 * where it was linked to, so every one does.
	 */
	add(w, "-append");
	add(w,
	    "root=rootfs rootfstype=virtiofs ro console=ttyS0 quiet panic=-1 oops=panic init=%s/init "
	    "MEMLUA_SPEC=%s/spec.json cgroup_no_v1=all psi=1 printk.devkmsg=on "
	    "mitigations=off cryptomgr.notests=1 lsm= audit=0 tsc=reliable no_timer_check "
	    "initcall_blacklist=trace_eval_init,jent_mod_init,load_system_certificate_list,"
	    "ftrace_check_for_weak_functions nokaslr %s%s",
	    vm->dir, vm->dir, c->virtual_clock ? "noapictimer " : "", c->append ? c->append : "");
}

static int make_ports(struct vm *vm, struct error *err)
{
	for (int i = 0; i < PORTS; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
			return error_set(err, errno, "socketpair: %s", strerror(errno));
		vm->ports[i] = pair[0];
		vm->guest_ends[i] = pair[1];
	}
	return 0;
}

/* In the child that becomes QEMU: of all descriptors it gets its ends of the ports. */
static void pass_guest_ends(struct vm *vm)
{
	for (int i = 0; i < PORTS; i++)
		fcntl(vm->guest_ends[i], F_SETFD, 0);
}

static void close_guest_ends(struct vm *vm)
{
	for (int i = 0; i < PORTS; i++) {
		if (vm->guest_ends[i] >= 0)
			close(vm->guest_ends[i]);
		vm->guest_ends[i] = -1;
	}
}

int vm_start_qemu(struct vm *vm, struct error *err)
{
	struct words w = {0};
	int ret = make_ports(vm, err);

	if (!ret) {
		add_machine(&w, vm->config);
		add_devices(&w, vm);
		add_kernel(&w, vm);
		vm->qemu = vm_spawn(vm, "qemu.log", w.words, pass_guest_ends, err);
		ret = vm->qemu < 0 ? -1 : 0;
	}
	close_guest_ends(vm);
	free_words(&w);
	return ret;
}
