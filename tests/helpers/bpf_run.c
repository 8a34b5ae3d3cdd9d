// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the syscall programs of a BPF object on records: bpf_run OBJECT BYTES < records > results. A record has BYTES and
 * begins with the number of its program, in the object's order; it comes back as the program left it. A program
 * that the verifier refuses is told on standard error, "refused NUMBER", and its records come back as they were.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define MOST 64

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return 0;
}

/* The object with all programs loaded, or with number `only` alone; NULL: refused. */
static struct bpf_object *load(const char *path, int only)
{
	struct bpf_object *object = bpf_object__open(path);
	struct bpf_program *prog;
	int i = 0;

	if (!object)
		exit(2);
	bpf_object__for_each_program(prog, object) {
		bpf_program__set_autoload(prog, only < 0 || i == only);
		i++;
	}
	if (!bpf_object__load(object))
		return object;
	bpf_object__close(object);
	return NULL;
}

/* Descriptors of all programs, -1 for a refused one. Return: how many there are. */
static int load_all(const char *path, int fds[MOST])
{
	struct bpf_object *all = load(path, -1), *object = all ? all : bpf_object__open(path);
	struct bpf_program *prog;
	int n = 0;

	bpf_object__for_each_program(prog, object) {
		const char *name = bpf_program__name(prog);
		struct bpf_object *one = all ? all : load(path, n);

		fds[n] = one ? bpf_program__fd(bpf_object__find_program_by_name(one, name)) : -1;
		if (fds[n] < 0)
			fprintf(stderr, "refused %d\n", n);
		if (++n == MOST)
			break;
	}
	return n;
}

int main(int argc, char **argv)
{
	size_t size = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	char *record = malloc(size);
	int fds[MOST], n;

	if (!size || !record)
		return 2;
	libbpf_set_print(quiet);
	n = load_all(argv[1], fds);
	while (fread(record, size, 1, stdin) == 1) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = record, .ctx_size_in = size);
		uint64_t number = *(uint64_t *)record;

		if (number >= (uint64_t)n)
			return 3;
		if (fds[number] >= 0 && (bpf_prog_test_run_opts(fds[number], &opts) || opts.retval)) {
			fprintf(stderr, "program %d: %s, %u\n", (int)number, strerror(errno), opts.retval);
			return 4;
		}
		if (fwrite(record, size, 1, stdout) != 1)
			return 5;
	}
	return 0;
}
