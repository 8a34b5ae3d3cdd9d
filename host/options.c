// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <lauxlib.h>

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/nearest.h"
#include "core/terminal.h"
#include "core/units.h"
#include "status.h"

#ifndef MEMLUA_VERSION
#error "the Makefile defines MEMLUA_VERSION"
#endif

enum kind { FLAG, TEXT, COUNT, POSITIVE, DURATION, SIZE, CHOICE };

/*
 * The settings: what a script finds in memlua.host.settings. A script's own option parser takes the
 * same ones after the script's name. Each can be given as MEMLUA_NAME in the environment too.
 */
static const struct setting {
	const char *name;
	char letter; /* 0: long form only */
	enum kind kind;
	const char *argument; /* for CHOICE the alternatives */
	const char *help;
} settings[OPTION_SETTINGS] = {
	{"verbose", 'v', FLAG, NULL, "say more on standard error"},
	{"quiet", 'q', FLAG, NULL, "say nothing but errors on standard error"},
	{"runs", 'r', POSITIVE, "N", "measured runs of each strategy"},
	{"warmup", 'w', COUNT, "N", "unmeasured runs of the first cell before them"},
	{"out", 'o', TEXT, "DIR", "the run's folder (default: a new one in $XDG_STATE_HOME/memlua)"},
	{"seed", 0, COUNT, "N", "of everything random"},
	{"cell", 0, TEXT, "ID", "run only this one of the runs that --dry-run lists (README: several machines)"},
	{"json", 0, TEXT, "FILE", "write the summary there too (-: standard output)"},
	{"vm", 0, FLAG, NULL, "run in the microVM even where this machine could"},
	{"host", 0, FLAG, NULL, "run on this machine's kernel or not at all"},
	{"accel", 0, CHOICE, "auto|kvm|tcg", "how the microVM runs (auto: KVM if it truly works)"},
	{"clock", 0, CHOICE, "auto|real|virtual",
	 "the microVM's clock (auto: virtual under TCG, real under KVM)"},
	{"kernel", 'k', TEXT, "IMAGE|RELEASE", "the microVM's kernel: a file, or a release that apt has"},
	{"memory", 'm', SIZE, "SIZE", "the microVM's memory (default 2G)"},
	{"cpus", 'p', POSITIVE, "N", "the microVM's CPUs (default 1; the virtual clock has only 1)"},
	{"timeout", 0, DURATION, "TIME", "give up after that long on the wall clock"},
	{"dry-run", 0, FLAG, NULL, "check everything, say what would run, run nothing"},
	{"color", 0, CHOICE, "auto|never|always", "coloured output (auto: on a terminal)"},
};

enum { CODE = 'e', INTERACTIVE = 'i', HELP = 'h', VERSION = 'V', FIRST_LONG = 256 };

/* Beyond that, lines are hard to read; in a pipe they are as wide as a common terminal. */
enum { HELP_LEFT = 28, HELP_NARROW = 60, HELP_DEFAULT = 80, HELP_WIDEST = 100 };

static unsigned int help_width(void)
{
	unsigned int width = terminal_width(STDOUT_FILENO);

	return !width ? HELP_DEFAULT : width < HELP_WIDEST ? width : HELP_WIDEST;
}

static void paragraph(const char *text)
{
	terminal_wrap(stdout, text, 0, 0, help_width());
}

/* A word and what it means, beside it or, on a narrow terminal, below. */
static void entry(const char *left, const char *help)
{
	unsigned int width = help_width(), used = 2 + strlen(left);
	unsigned int indent = width < HELP_NARROW ? 8 : 2 + HELP_LEFT + 1;

	fputs("  ", stdout);
	terminal_wrap(stdout, left, 2, 4, width);
	if (used < indent)
		used += printf("%*s", (int)(indent - used), "");
	else
		used = printf("\n%*s", (int)indent, "") - 1;
	terminal_wrap(stdout, help, used, indent, width);
	putchar('\n');
}

static void print_help(void)
{
	terminal_wrap(stdout,
		      "Usage: memlua [OPTION...] SCRIPT [ARGUMENT...]\n"
		      "       memlua [OPTION...] -e CODE\n"
		      "       memlua [OPTION...] -i\n"
		      "       memlua COMMAND [ARGUMENT...]\n\n",
		      0, 16, help_width());
	paragraph("Run Lua scenarios in which tenants fight for memory, with cgroups, BPF memory policies and "
		  "real workloads. Where this machine's kernel can't do that, memlua boots a microVM that can "
		  "and runs the same script there. `memlua SCRIPT --help` shows a script's own options.\n\n");
	paragraph("Options (those from --verbose on are accepted after the script's name too):\n");
	entry("-e CODE", "run Lua code; may be given several times");
	entry("-i", "read Lua interactively; --vm -i in the microVM");
	entry("-h, --help", "show this help");
	entry("-V, --version", "show the version");
	for (int i = 0; i < OPTION_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		char left[64], letter[8] = "    ";

		if (s->letter)
			snprintf(letter, sizeof(letter), "-%c, ", s->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, s->name, s->argument ? " " : "",
			 s->argument ? s->argument : "");
		entry(left, s->help);
	}
	paragraph("\nCommands (unless a file of that name is here; each takes --help):\n");
	entry("help [TOPIC]", "what the Lua modules and functions do");
	entry("doctor", "what this machine can do, why not, and what helps");
	entry("runs [FOLDER]", "list the runs' folders with their verdicts");
	entry("show RUN", "print a run's table again; --html FILE writes a report");
	entry("pack RUN", "put a run into one archive, to hand it on");
	entry("merge DIR FOLDER...", "make one run's folder of cells that were run one by one");
	paragraph("\nSizes: 4096, 512M, 1.5G (binary). Durations: 5, 1.5s, 200ms, 2m.\n"
		  "Exit status: 0 done; 1 the script failed or was misused; 2 an assertion of the scenario "
		  "failed; 3 out of resources; 4 not supported here; 5 ended by a signal; 7 the result is not "
		  "trustworthy; 124 time-out; 255 the guest panicked.\n"
		  "\nExamples:\n");
	entry("memlua scripts/protected.lua --limit 600M", "the plan's experiment, protected by BPF");
	entry("memlua scripts/baseline.lua --preset plan", "without protection, the plan to the letter");
	entry("memlua scripts/analyze.lua RUN RUN", "table and chart of earlier runs");
}

static int usage_error(const char *format, const char *what, const char *more)
{
	fprintf(stderr, "memlua: ");
	fprintf(stderr, format, what, more);
	fprintf(stderr, "\nTry 'memlua --help'.\n");
	return STATUS_FAILED;
}

static bool is_choice(const char *value, const char *alternatives)
{
	size_t len = strlen(value);

	for (const char *a = alternatives; a; a = strchr(a, '|') ? strchr(a, '|') + 1 : NULL)
		if (!strncmp(a, value, len) && (a[len] == '|' || !a[len]))
			return len > 0;
	return false;
}

/* Whole numbers are 64 bits wide, as in Lua. */
static bool is_count(const char *value)
{
	size_t digits = strspn(value, "0123456789");

	errno = 0;
	strtoll(value, NULL, 10);
	return digits && !value[digits] && !errno;
}

/* Return: 0, or the exit status after a complaint about the value. */
static int check_value(const struct setting *s, const char *value)
{
	struct error err;
	uint64_t bytes;
	double seconds;

	switch (s->kind) {
	case COUNT:
		if (!is_count(value))
			return usage_error("--%s: '%s' is not a number of 0 or more", s->name, value);
		break;
	case POSITIVE:
		if (!is_count(value) || !strtoll(value, NULL, 10))
			return usage_error("--%s: '%s' is not a number of 1 or more", s->name, value);
		break;
	case SIZE:
		if (parse_size(value, &bytes, &err))
			return usage_error("--%s: %s", s->name, err.text);
		if (!bytes)
			return usage_error("--%s: %s: nothing would be left; write 1M or more", s->name, value);
		break;
	case DURATION:
		if (parse_duration(value, &seconds, &err))
			return usage_error("--%s: %s", s->name, err.text);
		if (seconds <= 0)
			return usage_error("--%s: %s: must be more than 0", s->name, value);
		break;
	case CHOICE:
		if (!is_choice(value, s->argument))
			return usage_error("--%s: must be one of %s", s->name, s->argument);
		break;
	case TEXT:
		if (!*value)
			return usage_error("--%s: needs a value%s", s->name, "");
		break;
	case FLAG:
		break;
	}
	return 0;
}

/* MEMLUA_DRY_RUN for dry-run. */
static const char *environment_name(const struct setting *s, char name[64])
{
	size_t at = sprintf(name, "MEMLUA_");

	for (const char *c = s->name; *c; c++)
		name[at++] = *c == '-' ? '_' : toupper((unsigned char)*c);
	name[at] = '\0';
	return name;
}

/* A flag counts as given unless it is empty or 0. */
static const char *from_environment(const struct setting *s)
{
	char name[64];
	const char *value = getenv(environment_name(s, name));

	if (!value || !*value || (s->kind == FLAG && !strcmp(value, "0")))
		return NULL;
	return value;
}

static int unknown_option(const char *given)
{
	const char *known[OPTION_SETTINGS + 3] = {"help", "version"};
	const char *nearest;
	char name[64];

	for (int i = 0; i < OPTION_SETTINGS; i++)
		known[i + 2] = settings[i].name;
	snprintf(name, sizeof(name), "%s", given + strspn(given, "-"));
	name[strcspn(name, "=")] = '\0';
	nearest = strncmp(given, "--", 2) ? NULL : nearest_name(name, known);
	if (nearest)
		return usage_error("unknown option %s; did you mean --%s?", given, nearest);
	return usage_error("unknown option %s%s", given, "");
}

static void fill_getopt(char *letters, struct option *longs)
{
	int n = 0;

	letters += sprintf(letters, "+:e:ihV");
	longs[n++] = (struct option){"help", no_argument, NULL, HELP};
	longs[n++] = (struct option){"version", no_argument, NULL, VERSION};
	for (int i = 0; i < OPTION_SETTINGS; i++) {
		const struct setting *s = &settings[i];

		longs[n++] = (struct option){s->name, s->kind == FLAG ? no_argument : required_argument,
					     NULL, FIRST_LONG + i};
		if (s->letter)
			letters += sprintf(letters, "%c%s", s->letter, s->kind == FLAG ? "" : ":");
	}
	longs[n] = (struct option){0};
}

static int setting_of(int c)
{
	if (c >= FIRST_LONG)
		return c - FIRST_LONG;
	for (int i = 0; i < OPTION_SETTINGS; i++)
		if (settings[i].letter == c)
			return i;
	return -1;
}

/* What getopt handed out. Return: -1 to go on, else the exit status. */
static int take(struct options *o, int c, char **argv)
{
	int i;

	switch (c) {
	case HELP:
		print_help();
		return STATUS_DONE;
	case VERSION:
		printf("memlua %s (%s)\n", MEMLUA_VERSION, LUA_RELEASE);
		return STATUS_DONE;
	case INTERACTIVE:
		o->interactive = true;
		return -1;
	case CODE:
		if (o->ncode == OPTIONS_MAX_CODE)
			return usage_error("-e: at most %s of them%s", "16", "");
		o->code[o->ncode++] = optarg;
		return -1;
	case ':':
		return usage_error("%s: needs an argument%s", argv[optind - 1], "");
	case '?':
		if (optopt && optopt < FIRST_LONG) {
			char letter[] = {'-', optopt, '\0'};

			return unknown_option(letter);
		}
		return unknown_option(argv[optind - 1]);
	default:
		i = setting_of(c);
		o->values[i] = optarg ? optarg : "";
		return check_value(&settings[i], o->values[i]) ? STATUS_FAILED : -1;
	}
}

static const char *value_of(const struct options *o, const char *name)
{
	for (int i = 0; i < OPTION_SETTINGS; i++)
		if (!strcmp(settings[i].name, name))
			return o->values[i];
	abort();
}

bool options_flag(const struct options *o, const char *name)
{
	return value_of(o, name) != NULL;
}

static int check_together(const struct options *o)
{
	if (options_flag(o, "vm") && options_flag(o, "host"))
		return usage_error("%s contradicts %s", "--vm", "--host");
	if (options_flag(o, "quiet") && options_flag(o, "verbose"))
		return usage_error("%s contradicts %s", "--quiet", "--verbose");
	if (!o->script && !o->ncode && !o->interactive)
		return usage_error("no script given%s%s", "", "");
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, int *status)
{
	struct option longs[OPTION_SETTINGS + 3];
	char letters[128];
	int c;

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < OPTION_SETTINGS; i++) {
		o->values[i] = from_environment(&settings[i]);
		if (o->values[i] && (*status = check_value(&settings[i], o->values[i]))) {
			char name[64];

			fprintf(stderr, "memlua: the environment says so: %s=%s\n",
				environment_name(&settings[i], name), o->values[i]);
			return 1;
		}
	}
	fill_getopt(letters, longs);
	opterr = 0;
	optind = 1;
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1)
		if ((*status = take(o, c, argv)) >= 0)
			return 1;
	if (optind < argc)
		o->script = argv[optind++];
	o->argc = argc - optind;
	o->argv = argv + optind;
	*status = check_together(o);
	return *status != 0;
}

static void push_value(lua_State *L, const struct setting *s, const char *value)
{
	uint64_t bytes;
	double seconds;

	switch (s->kind) {
	case FLAG:
		lua_pushboolean(L, 1);
		break;
	case COUNT:
	case POSITIVE:
		lua_pushinteger(L, strtoll(value, NULL, 10));
		break;
	case SIZE:
		parse_size(value, &bytes, NULL);
		lua_pushinteger(L, bytes);
		break;
	case DURATION:
		parse_duration(value, &seconds, NULL);
		lua_pushnumber(L, seconds);
		break;
	default:
		lua_pushstring(L, value);
	}
}

void options_push(lua_State *L, const struct options *o)
{
	lua_newtable(L);
	if (o->interactive) {
		lua_pushboolean(L, 1);
		lua_setfield(L, -2, "interactive");
	}
	for (int i = 0; i < OPTION_SETTINGS; i++) {
		char key[32];

		if (!o->values[i])
			continue;
		snprintf(key, sizeof(key), "%s", settings[i].name);
		for (char *c = key; *c; c++)
			*c = *c == '-' ? '_' : *c; /* settings.dry_run */
		push_value(L, &settings[i], o->values[i]);
		lua_setfield(L, -2, key);
	}
}
