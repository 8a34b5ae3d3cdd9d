// SPDX-License-Identifier: GPL-2.0
#include "usage.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/settings.h"
#include "core/terminal.h"

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

/* "-r, --runs N", and letters that have no long form and long forms that have no letter in their columns. */
static void setting(const struct setting *s)
{
	char left[64], letter[8] = "    ";

	if (s->letter)
		snprintf(letter, sizeof(letter), "-%c%s", s->letter, s->name ? ", " : "");
	snprintf(left, sizeof(left), "%s%s%s%s%s", letter, s->name ? "--" : "",
		 s->name ? s->name : "", s->argument ? " " : "", s->argument ? s->argument : "");
	entry(left, s->help);
}

void usage_print(void)
{
	terminal_wrap(stdout,
		      "Usage: memlua [OPTION...] SCRIPT [ARGUMENT...]\n"
		      "       memlua [OPTION...] -e CODE\n"
		      "       memlua [OPTION...] -i\n"
		      "       memlua COMMAND [ARGUMENT...]\n\n",
		      0, 16, help_width());
	paragraph(
		"Run Lua scenarios in which tenants fight for memory, with cgroups, BPF memory policies and "
		"real workloads. Where this machine's kernel can't do that, memlua boots a microVM that can "
		"and runs the same script there. `memlua SCRIPT --help` shows a script's own options.\n\n");
	paragraph("Options (those from --verbose on are accepted after the script's name too):\n");
	for (const struct setting *s = settings_table; !settings_end(s); s++)
		setting(s);
	paragraph(
		"\nSCRIPT: a path to a file (with a slash or .lua in it), or the name of one that comes with memlua. "
		"Commands (each takes --help):\n");
	entry("help [TOPIC]", "what the Lua modules and functions do");
	entry("doctor", "what this machine can do, why not, and what helps");
	entry("runs [FOLDER]", "list the runs' folders with their verdicts");
	entry("show RUN", "print a run's table again; --html FILE writes a report");
	entry("pack RUN", "put a run into one archive, to hand it on");
	entry("verify RUN",
	      "check that a run is whole, and its table and claims; --again runs it again here");
	entry("bisect CLAIM SCRIPT [RELEASE...]",
	      "between which two kernels a scenario's claim changes: which one lost it?");
	entry("replay-policy RUN POLICY",
	      "ask a policy in Lua what a recorded one was asked, and compare the answers");
	entry("merge DIR FOLDER...", "make one run's folder of cells that were run one by one");
	paragraph(
		"\nSizes: 4096, 512M, 1.5G (binary). Durations: 5, 1.5s, 200ms, 2m.\n"
		"Exit status: 0 done; 1 the script failed or was misused; 2 an assertion of the scenario "
		"failed or a claim is refuted; 3 out of resources; 4 not supported here; 5 ended by a signal; 7 the result is not "
		"trustworthy; 124 time-out; 255 the guest panicked.\n"
		"\nExamples:\n");
	entry("memlua protected --limit 600M", "the plan's experiment, protected by BPF");
	entry("memlua baseline --preset plan", "without protection, the plan to the letter");
	entry("memlua analyze RUN RUN", "table and chart of earlier runs");
}
