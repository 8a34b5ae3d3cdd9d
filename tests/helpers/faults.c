// SPDX-License-Identifier: GPL-2.0
/*
 * Preloaded into memlua: lets one of the allocations and system calls that memlua's own code makes fail. FAULT=N fails the
 * N-th (0: none), FAULT_COUNT=FILE gets how many there were. What libraries call among themselves counts as the one call
 * that memlua made. Programs that memlua starts are left alone; what it forks goes on counting where it was.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static uintptr_t text_begin, text_end; /* of the program */
static long chosen = -1, count;
static pid_t owner;
static const char *count_file;

static int find_text(struct dl_phdr_info *info, size_t size, void *data)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || !(p->p_flags & PF_X))
			continue;
		text_begin = info->dlpi_addr + p->p_vaddr;
		text_end = text_begin + p->p_memsz;
	}
	return 1; /* the first is the program */
}

static void __attribute__((constructor)) begin(void)
{
	char self[4096] = "";
	const char *fault = getenv("FAULT"), *file = getenv("FAULT_COUNT");

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || !fault || !strstr(self, "memlua") ||
	    strcmp(strrchr(self, '/'), "/memlua"))
		return;
	dl_iterate_phdr(find_text, NULL);
	chosen = atol(fault);
	count_file = file ? strdup(file) : NULL;
	owner = getpid();
	count = 0;
	unsetenv("FAULT");
	unsetenv("FAULT_COUNT");
	unsetenv("LD_PRELOAD");
}

static void __attribute__((destructor)) end(void)
{
	FILE *file = count_file && owner == getpid() ? fopen(count_file, "w") : NULL;

	if (file)
		fprintf(file, "%ld\n", count), fclose(file);
}

static bool fails(const void *caller, const char *name)
{
	uintptr_t at = (uintptr_t)caller;

	if (chosen < 0 || at < text_begin || at >= text_end || ++count != chosen)
		return false;
	dprintf(STDERR_FILENO, "fault %ld: %s at %#lx\n", chosen, name, (unsigned long)(at - text_begin));
	return true;
}

#define CALLER __builtin_return_address(0)
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
/* a call that passes its arguments on, or returns `failed` with `code` */
#define FAULT(type, name, failed, code, parameters, ...)                                                                       \
	type name parameters                                                                                                   \
	{                                                                                                                      \
		static type(*real) parameters;                                                                                 \
                                                                                                                               \
		if (!real)                                                                                                     \
			real = (type(*) parameters)dlsym(RTLD_NEXT, #name);                                                    \
		if (!fails(CALLER, #name))                                                                                     \
			return real(__VA_ARGS__);                                                                              \
		errno = code;                                                                                                  \
		return failed;                                                                                                 \
	}

/* --- allocations: calloc() is what dlsym() itself may call --- */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);

void *malloc(size_t size)
{
	return fails(CALLER, "malloc") ? errno = ENOMEM, NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(CALLER, "calloc") ? errno = ENOMEM, NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return fails(CALLER, "realloc") ? errno = ENOMEM, NULL : __libc_realloc(p, size);
}

FAULT(char *, strdup, NULL, ENOMEM, (const char *s), s)
FAULT(char *, strndup, NULL, ENOMEM, (const char *s, size_t n), s, n)
FAULT(FILE *, open_memstream, NULL, ENOMEM, (char **text, size_t *size), text, size)

int __vasprintf_chk(char **text, int flag, const char *fmt, va_list ap);
int __vasprintf_chk(char **text, int flag, const char *fmt, va_list ap)
{
	return fails(CALLER, "vasprintf") ? errno = ENOMEM, -1 : vasprintf(text, fmt, ap);
}

int __asprintf_chk(char **text, int flag, const char *fmt, ...);
int __asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list ap;
	int ret;

	if (fails(CALLER, "asprintf")) {
		errno = ENOMEM;
		return -1;
	}
	va_start(ap, fmt);
	ret = vasprintf(text, fmt, ap);
	va_end(ap);
	return ret;
}

/* --- system calls --- */

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails(CALLER, "open") ? errno = EMFILE, -1 : REAL(openat)(AT_FDCWD, path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails(CALLER, "openat") ? errno = EMFILE, -1 : REAL(openat)(dir, path, flags, mode);
}

int fcntl(int fd, int command, ...)
{
	va_list ap;
	long argument;

	va_start(ap, command);
	argument = va_arg(ap, long);
	va_end(ap);
	return fails(CALLER, "fcntl") ? errno = EMFILE, -1 : REAL(fcntl)(fd, command, argument);
}

long syscall(long number, ...)
{
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	return fails(CALLER, "syscall") ? errno = ENOMEM, -1 : REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

FAULT(ssize_t, read, -1, EIO, (int fd, void *data, size_t size), fd, data, size)
FAULT(ssize_t, __read_chk, -1, EIO, (int fd, void *data, size_t size, size_t room), fd, data, size, room)
FAULT(ssize_t, pread, -1, EIO, (int fd, void *data, size_t size, off_t at), fd, data, size, at)
FAULT(ssize_t, write, -1, ENOSPC, (int fd, const void *data, size_t size), fd, data, size)
FAULT(int, fsync, -1, EIO, (int fd), fd)
FAULT(int, mkdir, -1, EACCES, (const char *path, mode_t mode), path, mode)
FAULT(int, mkdirat, -1, EACCES, (int dir, const char *path, mode_t mode), dir, path, mode)
FAULT(int, rename, -1, ENOSPC, (const char *from, const char *to), from, to)
FAULT(int, renameat, -1, ENOSPC, (int a, const char *from, int b, const char *to), a, from, b, to)
FAULT(int, symlink, -1, ENOSPC, (const char *from, const char *to), from, to)
FAULT(int, dup2, -1, EMFILE, (int from, int to), from, to)
FAULT(int, socketpair, -1, EMFILE, (int domain, int type, int protocol, int pair[2]), domain, type, protocol, pair)
FAULT(pid_t, fork, -1, EAGAIN, (void), )
FAULT(void *, mmap, (void *)-1, ENOMEM, (void *p, size_t size, int prot, int flags, int fd, off_t at), p, size, prot, flags, fd, at)
FAULT(int, flock, -1, ENOLCK, (int fd, int operation), fd, operation)
FAULT(int, fstat, -1, EIO, (int fd, struct stat *st), fd, st)
FAULT(int, lstat, -1, EACCES, (const char *path, struct stat *st), path, st)
FAULT(int, stat, -1, EACCES, (const char *path, struct stat *st), path, st)
FAULT(int, fstatat, -1, EACCES, (int dir, const char *path, struct stat *st, int flags), dir, path, st, flags)
FAULT(int, access, -1, EACCES, (const char *path, int mode), path, mode)
FAULT(ssize_t, readlink, -1, EACCES, (const char *path, char *target, size_t size), path, target, size)
FAULT(ssize_t, __readlink_chk, -1, EACCES, (const char *path, char *target, size_t size, size_t room), path, target, size, room)
FAULT(ssize_t, getrandom, -1, ENOSYS, (void *data, size_t size, unsigned int flags), data, size, flags)
FAULT(DIR *, opendir, NULL, EMFILE, (const char *path), path)
FAULT(DIR *, fdopendir, NULL, ENOMEM, (int fd), fd)
FAULT(FILE *, fopen, NULL, EMFILE, (const char *path, const char *mode), path, mode)
FAULT(FILE *, fdopen, NULL, ENOMEM, (int fd, const char *mode), fd, mode)
FAULT(int, setenv, -1, ENOMEM, (const char *name, const char *value, int replace), name, value, replace)
FAULT(int, unlinkat, -1, EACCES, (int dir, const char *path, int flags), dir, path, flags)
FAULT(int, close_range, -1, ENOSYS, (unsigned int first, unsigned int last, int flags), first, last, flags)
