// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <lua.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/nearest.h"
#include "core/status.h"
#include "usage.h"

#ifndef MEMLUA_VERSION
#error "the Makefile defines MEMLUA_VERSION"
#endif

/* What getopt_long() returns for settings_table[i] is FIRST + i: no letter. */
enum { FIRST = 256 };

static int usage_error(const char *format, const char *what, const char *more)
{
	fprintf(stderr, "memlua: ");
	fprintf(stderr, format, what, more);
	fprintf(stderr, "\nTry 'memlua --help'.\n");
	return STATUS_FAILED;
}

static int unknown_option(const char *given)
{
	const char *known[SETTINGS_MAX] = {};
	const char *nearest;
	char name[64];
	int n = 0;

	for (const struct setting *s = settings_table; !settings_end(s); s++)
		if (s->name)
			known[n++] = s->name;
	snprintf(name, sizeof(name), "%s", given + strspn(given, "-"));
	name[strcspn(name, "=")] = '\0';
	nearest = strncmp(given, "--", 2) ? NULL : nearest_name(name, known);
	if (nearest)
		return usage_error("unknown option %s; did you mean '--%s'?", given, nearest);
	return usage_error("unknown option %s%s", given, "");
}

static void fill_getopt(char *letters, struct option *longs)
{
	letters += sprintf(letters, "+:");
	for (const struct setting *s = settings_table; !settings_end(s); s++) {
		bool bare = s->kind == SETTING_FLAG;

		if (s->name)
			*longs++ = (struct option){s->name, bare ? no_argument : required_argument,
						   NULL, FIRST + (s - settings_table)};
		if (s->letter)
			letters += sprintf(letters, "%c%s", s->letter, bare ? "" : ":");
	}
	*longs = (struct option){0};
}

/* The setting that getopt found by its letter or its name. */
static const struct setting *setting_of(int c)
{
	const struct setting *s = settings_table;

	if (c >= FIRST)
		return s + (c - FIRST);
	while (s->letter != c)
		s++;
	return s;
}

static int add_code(struct options *o, const char *code)
{
	if (o->ncode == OPTIONS_MAX_CODE)
		return usage_error("-e: at most %s of them%s", "16", "");
	o->code[o->ncode++] = code;
	return -1;
}

static int refuse(int c, char **argv)
{
	char letter[] = {'-', optopt, '\0'};

	if (c == ':')
		return usage_error("%s: needs an argument%s", argv[optind - 1], "");
	return unknown_option(optopt && optopt < FIRST ? letter : argv[optind - 1]);
}

/* What getopt handed out. Return: -1 to go on, else the exit status. */
static int take(struct options *o, const struct setting *s)
{
	struct error err;

	switch (s->letter) {
	case 'h':
		usage_print();
		return STATUS_DONE;
	case 'V':
		printf("memlua %s (%s)\n", MEMLUA_VERSION, LUA_RELEASE);
		return STATUS_DONE;
	case 'i':
		o->interactive = true;
		return -1;
	case 'e':
		return add_code(o, optarg);
	}
	o->values[s - settings_table] = optarg ? optarg : "";
	if (setting_check(s, optarg, &err))
		return usage_error("%s%s", err.text, "");
	return -1;
}

const char *options_value(const struct options *o, const char *name)
{
	for (const struct setting *s = settings_table; !settings_end(s); s++)
		if (s->name && !strcmp(s->name, name))
			return o->values[s - settings_table];
	abort();
}

static int check_together(const struct options *o)
{
	for (const struct setting *s = settings_table; !settings_end(s); s++)
		if (s->excludes && o->values[s - settings_table] && options_value(o, s->excludes))
			return usage_error("--%s contradicts --%s", s->name, s->excludes);
	if (!o->script && !o->ncode && !o->interactive)
		return usage_error("no script given%s%s", "", "");
	return 0;
}

static int take_environment(struct options *o)
{
	for (const struct setting *s = settings_table; !settings_end(s); s++) {
		const char *value = setting_from_environment(s);
		struct error err;
		char name[64];

		o->values[s - settings_table] = value;
		if (!value || !setting_check(s, value, &err))
			continue;
		usage_error("%s%s", err.text, "");
		fprintf(stderr, "memlua: the environment says so: %s=%s\n",
			setting_variable(s, name), value);
		return STATUS_FAILED;
	}
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, int *status)
{
	struct option longs[SETTINGS_MAX + 1];
	char letters[2 * SETTINGS_MAX + 3];
	int c;

	memset(o, 0, sizeof(*o));
	if ((*status = take_environment(o)))
		return 1;
	fill_getopt(letters, longs);
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1)
		if ((*status = c == ':' || c == '?' ? refuse(c, argv) : take(o, setting_of(c))) >=
		    0)
			return 1;
	if (optind < argc)
		o->script = argv[optind++];
	o->argc = argc - optind;
	o->argv = argv + optind;
	*status = check_together(o);
	return *status != 0;
}
