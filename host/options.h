/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_OPTIONS_H
#define MEMLUA_OPTIONS_H

#include <stdbool.h>

#include "core/settings.h"

#define OPTIONS_MAX_CODE 16

/* The command line of memlua itself, up to the script's name. */
struct options {
	const char *values[SETTINGS_MAX];   /* of settings_table, NULL where not given */
	const char *code[OPTIONS_MAX_CODE]; /* of -e, in order */
	int ncode;
	bool interactive;
	const char *script; /* NULL: none */
	int argc;           /* the script's own arguments */
	char **argv;
};

/**
 * options_parse() - read the command line; prints help, version and complaints itself.
 * @status: the exit status when there is nothing to run
 * Return: 0 to go on, 1 to exit with *status.
 */
int options_parse(struct options *options, int argc, char **argv, int *status);

/** options_value() - the value of the setting of that name, "" for a flag; NULL if it wasn't given. */
const char *options_value(const struct options *options, const char *name);

#endif
