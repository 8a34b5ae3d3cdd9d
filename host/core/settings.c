// SPDX-License-Identifier: GPL-2.0
/*
 * memlua's own options, said once. The command line (options.c), its --help (usage.c), the options of every script and
 * their --help (memlua.option), the shells' completion (memlua.cli.complete) and memlua(1) are made of this table: a
 * new option is a new entry, and a script finds it in memlua.host.settings.
 */
#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "units.h"

const struct setting settings_table[] = {
	{NULL, 'e', SETTING_TEXT, TAKEN_FIRST, "CODE",
	 .help = "run Lua code; may be given several times"},
	{NULL, 'i', SETTING_FLAG, TAKEN_FIRST, NULL,
	 .help = "read Lua interactively; --vm -i in the microVM",
	 .more = "After the script if there is one. Modules are at hand by their short names (cgroup, worker, ...); "
		 "`help \"TOPIC\"` says the same as the command, Tab completes. Where this machine's kernel can't run "
		 "experiments, begin the session in the microVM: `memlua --vm -i`; its clock is the real one there, unless "
		 "`--clock virtual` is given. Each run gets a folder of its own, below `--out` where that is given. Ctrl-C ends "
		 "what runs, Ctrl-D the session. The last lines are kept in $XDG_STATE_HOME/memlua/history."},
	{"help", 'h', SETTING_FLAG, TAKEN_FIRST, NULL, .help = "show this help",
	 .more = "`memlua SCRIPT --help` shows a script's own options."},
	{"version", 'V', SETTING_FLAG, TAKEN_FIRST, NULL, .help = "show the version"},
	{"verbose", 'v', SETTING_FLAG, TAKEN_BY_PRINT, NULL, .help = "say more on standard error"},
	{"quiet", 'q', SETTING_FLAG, TAKEN_BY_PRINT, NULL,
	 .help = "say nothing but errors on standard error", .excludes = "verbose"},
	{"runs", 'r', SETTING_POSITIVE, TAKEN_BY_RUN, "N",
	 .help = "measured runs of each strategy"},
	{"until", 0, SETTING_TEXT, TAKEN_BY_RUN, "SHARE",
	 .help = "end a scenario once its figures are known to SHARE, 2% say; --runs is the most",
	 .more = "Each tenant's figure under each strategy must have an interval of at most that much to either side. It is looked at "
		 "after a few numbers of blocks, each twice the one before, from 8 on; each look takes its part of the 5 % by which "
		 "intervals, tests and claims err, so that stopping makes none of them err more often."},
	{"blocks", 0, SETTING_POSITIVE, TAKEN_BY_RUN, "N",
	 .help = "make no more than the first N of the --runs blocks; --resume goes on",
	 .more = "A block has each strategy once. What is made has no table until the last block is."},
	{"warmup", 'w', SETTING_COUNT, TAKEN_BY_RUN, "N",
	 .help = "unmeasured runs of each distinct tenant before them"},
	{"out", 'o', SETTING_TEXT, TAKEN_BY_REPORT, "DIR",
	 .help = "the run's folder (default: a new one in $XDG_STATE_HOME/memlua)",
	 .more = "A folder that holds a run already is refused."},
	{"seed", 0, SETTING_COUNT, TAKEN_BY_RUN, "N", .help = "the seed of everything random",
	 .more = "By default it is from the clock, and recorded."},
	{"cell", 0, SETTING_TEXT, TAKEN_BY_RUN, "ID",
	 .help = "run only this one of the runs that --dry-run lists (README: several machines)",
	 .more = "`--dry-run` must be given the same options. It goes into a folder ID below the one that `--out` says, and needs "
		 "`--seed`. See `SEVERAL MACHINES`."},
	{"resume", 0, SETTING_FLAG, TAKEN_BY_RUN, NULL,
	 .help = "go on with the interrupted series in --out",
	 .more = "Runs that are finished there are kept, the others made. The seed is that of the series; script, options, kernel, "
		 "clock and way must be the same. Where nothing is there it begins."},
	{"json", 0, SETTING_TEXT, TAKEN_BY_PRINT, "FILE",
	 .help = "write the summary there too (-: standard output)",
	 .more = "On standard output it takes the place of the table."},
	{"vm", 0, SETTING_FLAG, TAKEN_BY_RUN, NULL,
	 .help = "run in the microVM even where this machine could", .excludes = "host"},
	{"host", 0, SETTING_FLAG, TAKEN_BY_RUN, NULL,
	 .help = "run on this machine's kernel or not at all"},
	{"accel", 0, SETTING_CHOICE, TAKEN_BY_RUN, "auto|kvm|tcg",
	 .help = "how the microVM runs (auto: KVM if it truly works)",
	 .more = "`auto` takes KVM if a boot has shown that it works; `kvm` never falls back."},
	{"clock", 0, SETTING_CHOICE, TAKEN_BY_RUN, "auto|real|virtual",
	 .help = "the microVM's clock (auto: virtual under TCG, real under KVM)",
	 .more = "`virtual` counts instructions: the load of this machine does not show in the figures, and waiting takes no "
		 "time. It needs `--accel tcg` and models contention and throttling, not caches and memory bandwidth."},
	{"kernel", 'k', SETTING_TEXT, TAKEN_BY_RUN, "IMAGE|RELEASE",
	 .help = "the microVM's kernel: a file, a release that apt has (7.3), or backports for the newest there",
	 .more = "7.3 is the newest that begins so. Without it memlua takes the newest of the distribution's own from 6.12 on, "
		 "with its updates."},
	{"headers", 0, SETTING_TEXT, TAKEN_BY_RUN, "DIR",
	 .help = "of that kernel, where they don't lie beside the file",
	 .more = "The module is built with them: the folder that has their Makefile, .config and vmlinux."},
	{"memory", 'm', SETTING_SIZE, TAKEN_BY_RUN, "SIZE",
	 .help = "the microVM's memory (default 2G)"},
	{"disk", 0, SETTING_SIZE, TAKEN_BY_RUN, "SIZE",
	 .help = "how much programs may write in the microVM (default: half its memory)",
	 .more = "Its root is the machine's, and what is written there is thrown away with the microVM. It lies on a disk in the "
		 "microVM's memory, charged to no tenant; the pages cached above it are charged and reclaimed as on any disk."},
	{"cpus", 'p', SETTING_POSITIVE, TAKEN_BY_RUN, "N",
	 .help = "the microVM's CPUs (default 1; the virtual clock has only 1)"},
	{"timeout", 0, SETTING_DURATION, TAKEN_BY_RUN, "TIME",
	 .help = "give up after that long on the wall clock",
	 .more = "The exit status is 124 then."},
	{"dry-run", 0, SETTING_FLAG, TAKEN_BY_RUN, NULL,
	 .help = "check everything, say what would run, run nothing"},
	{"color", 0, SETTING_CHOICE, TAKEN_BY_PRINT, "auto|never|always",
	 .help = "coloured output (auto: on a terminal)",
	 .more = "`auto` colours on a terminal, unless NO_COLOR is set or TERM is dumb."},
	{},
};

_Static_assert(sizeof(settings_table) / sizeof(*settings_table) <= SETTINGS_MAX,
	       "SETTINGS_MAX is too small");

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

static int check_size(const char *name, const char *value, struct error *err)
{
	uint64_t bytes;

	if (parse_size(value, &bytes, err))
		return error_prefix(err, "--%s", name);
	if (!bytes)
		return error_set(err, EINVAL, "--%s: %s: nothing would be left; write 1M or more",
				 name, value);
	return 0;
}

static int check_duration(const char *name, const char *value, struct error *err)
{
	double seconds;

	if (parse_duration(value, &seconds, err))
		return error_prefix(err, "--%s", name);
	if (seconds <= 0)
		return error_set(err, EINVAL, "--%s: %s: must be more than 0", name, value);
	return 0;
}

int setting_check(const struct setting *s, const char *value, struct error *err)
{
	switch (s->kind) {
	case SETTING_COUNT:
		if (!is_count(value))
			return error_set(err, EINVAL, "--%s: '%s' is not a number of 0 or more",
					 s->name, value);
		break;
	case SETTING_POSITIVE:
		if (!is_count(value) || !strtoll(value, NULL, 10))
			return error_set(err, EINVAL, "--%s: '%s' is not a number of 1 or more",
					 s->name, value);
		break;
	case SETTING_SIZE:
		return check_size(s->name, value, err);
	case SETTING_DURATION:
		return check_duration(s->name, value, err);
	case SETTING_CHOICE:
		if (!is_choice(value, s->argument))
			return error_set(err, EINVAL, "--%s: must be one of %s", s->name,
					 s->argument);
		break;
	case SETTING_TEXT:
		if (s->name && !*value)
			return error_set(err, EINVAL, "--%s: needs a value", s->name);
		break;
	case SETTING_FLAG:
		break;
	}
	return 0;
}

const char *setting_variable(const struct setting *s, char name[64])
{
	size_t at = sprintf(name, "MEMLUA_");

	for (const char *c = s->name; *c && at < 63; c++)
		name[at++] = *c == '-' ? '_' : toupper((unsigned char)*c);
	name[at] = '\0';
	return name;
}

const char *setting_from_environment(const struct setting *s)
{
	char name[64];
	const char *value = s->taker == TAKEN_FIRST ? NULL : getenv(setting_variable(s, name));

	if (!value || !*value || (s->kind == SETTING_FLAG && !strcmp(value, "0")))
		return NULL;
	return value;
}
