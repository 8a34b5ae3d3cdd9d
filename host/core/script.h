/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SCRIPT_H
#define MEMLUA_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What the word names that is to be run. A name is a command of memlua's own or a script that comes with it; a file of
 * that name where the user stands does not come in between, as memlua may run as root. A path is a file: a word with a
 * slash in it or with .lua at its end.
 */
struct script {
	const char *code; /* of a command, which is embedded; NULL for a file */
	size_t size;
	char *path; /* of a file, which need not be there; NULL for a command; to be freed */
};

/**
 * script_find() - what a word names; says on standard error where a shipped script stands in for a file that isn't there,
 * unless @quiet.
 * Return: false when it is neither a path nor known, which is then said with the nearest name.
 */
bool script_find(const char *word, bool quiet, struct script *script);

/**
 * script_shipped() - the path of a script that comes with memlua, beside the binary's folder in a work tree, in
 * share/memlua once installed.
 * @name: "protected", "protected.lua", "tutorial/5-protected.lua" or any of them behind "scripts/"
 * Return: malloced, or NULL when there is no such script.
 */
char *script_shipped(const char *name);

/** script_shipped_names() - the names of the shipped scripts, without .lua, sorted, the last one NULL; all malloced. */
char **script_shipped_names(void);

#endif
