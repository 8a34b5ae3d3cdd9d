/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_ERROR_H
#define MEMLUA_ERROR_H

/*
 * The one error convention of the core: a function that can fail takes a struct error * as its last
 * parameter, returns a negative number (or NULL), and fills it in; on success it leaves it alone.
 * Below it stand a few helpers whose callers know better what to say of a failure: their contracts say "with errno",
 * which the system call behind them has set (cgroup_fs.h, write_all()).
 *
 * text reads "name: reason" or "name: reason; remedy". It is long enough for the part of a BPF
 * verifier log that matters.
 */
struct error {
	int code; /* an errno value, never 0 */
	char text[8192];
};

/**
 * error_set() - fill in an error; long texts are cut.
 * @err:  may be NULL, then only the return value tells
 * @code: errno value that fits best
 * @fmt:  printf format
 * Return: always -1, so that a caller can write `return error_set(...)`.
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * error_prefix() - put "what: " before the text of an error that a callee has filled in.
 * Return: always -1.
 */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
