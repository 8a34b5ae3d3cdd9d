// SPDX-License-Identifier: GPL-2.0
#include "script.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embed.h"
#include "nearest.h"
#include "terminal.h"

#define COMMANDS "lua/memlua/cli/command/"
#define MAX_NAMES 64UL

static bool is_file(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

static void say(const char *message)
{
	terminal_wrap(stderr, message, 0, 2, terminal_width(STDERR_FILENO));
}

/* --- the scripts that come with memlua --- */

/* Their folder, as memlua.machine.kernels.data() finds it; false when it isn't there. */
static bool shipped_folder(char folder[PATH_MAX])
{
	static const char *const places[] = {"share/memlua/scripts", "scripts", NULL};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[len > 0 ? len : 0] = '\0';
	for (int up = 0; up < 2 && strrchr(self, '/'); up++)
		*strrchr(self, '/') = '\0';
	for (const char *const *place = places; *place; place++)
		if (snprintf(folder, PATH_MAX, "%s/%s", self, *place) < PATH_MAX &&
		    !access(folder, X_OK))
			return true;
	return false;
}

char *script_shipped(const char *name)
{
	char folder[PATH_MAX], *path = NULL;

	if (!strncmp(name, "scripts/", 8))
		name += 8;
	if (!*name || *name == '/' || strstr(name, "..") || !shipped_folder(folder))
		return NULL;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return NULL;
	if (is_file(path) && strstr(path, ".lua"))
		return path;
	free(path);
	if (asprintf(&path, "%s/%s.lua", folder, name) < 0)
		return NULL;
	if (is_file(path))
		return path;
	free(path);
	return NULL;
}

/* "protected" of "protected.lua"; NULL for what is no script. Return: malloced. */
static char *name_of(const char *file)
{
	const char *end = strstr(file, ".lua");

	return end && !end[4] && end > file ? strndup(file, end - file) : NULL;
}

char **script_shipped_names(void)
{
	char folder[PATH_MAX], **names = calloc(MAX_NAMES + 1, sizeof(*names));
	struct dirent **entries = NULL;
	int n = names && shipped_folder(folder) ? scandir(folder, &entries, NULL, alphasort) : 0;
	size_t known = 0;

	for (int i = 0; i < n; i++) {
		if (known < MAX_NAMES && (names[known] = name_of(entries[i]->d_name)))
			known++;
		free(entries[i]);
	}
	free(entries);
	return names;
}

/* --- a word that nothing is known by --- */

/* Adds the commands' names behind the first n of known[]. `complete` is the shells'. */
static void add_commands(const char **known, size_t n, char names[][64])
{
	for (const struct embedded *e = embed_table; e->name && n < 2 * MAX_NAMES; e++)
		if (sscanf(e->name, COMMANDS "%63[a-z]", *names) == 1 && strcmp(*names, "complete"))
			known[n++] = *names++;
}

/* "did you mean 'show'?", or where the names are listed. */
static void find_remedy(const char *word, char *text, size_t size)
{
	const char *known[2 * MAX_NAMES + 1] = {}, *nearest;
	char commands[MAX_NAMES][64], **shipped = script_shipped_names();
	size_t n = 0;

	while (shipped && shipped[n]) {
		known[n] = shipped[n];
		n++;
	}
	add_commands(known, n, commands);
	nearest = nearest_name(word, known);
	if (nearest)
		snprintf(text, size, "did you mean '%s'?", nearest);
	else
		snprintf(text, size, "`memlua --help` lists the commands");
	for (n = 0; shipped && shipped[n]; n++)
		free(shipped[n]);
	free(shipped);
}

static void refuse(const char *word)
{
	char remedy[256], message[PATH_MAX + 512];

	if (is_file(word))
		snprintf(remedy, sizeof(remedy), "the file of this folder runs as ./%.200s", word);
	else
		find_remedy(word, remedy, sizeof(remedy));
	snprintf(message, sizeof(message), "memlua: %s: no such script or command; %s\n", word,
		 remedy);
	say(message);
}

/* --- finding it --- */

static bool is_path(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 4 && !strcmp(word + len - 4, ".lua"));
}

static void say_stand_in(const char *word, const char *path)
{
	char message[2 * PATH_MAX + 64];

	snprintf(message, sizeof(message),
		 "memlua: %s: not here; running %s, which came with memlua\n", word, path);
	say(message);
}

/* A file, or the shipped script of that name where there is none. */
static bool find_path(const char *word, bool quiet, struct script *script)
{
	char *shipped = access(word, F_OK) ? script_shipped(word) : NULL;

	if (shipped && !quiet)
		say_stand_in(word, shipped);
	script->path = shipped ? shipped : strdup(word);
	if (!script->path)
		say("memlua: not enough memory\n");
	return script->path;
}

bool script_find(const char *word, bool quiet, struct script *script)
{
	char name[256];

	*script = (struct script){};
	if (is_path(word))
		return find_path(word, quiet, script);
	snprintf(name, sizeof(name), COMMANDS "%s.lua", word);
	script->code = embed_find(name, &script->size);
	if (!script->code)
		script->path = script_shipped(word);
	if (script->code || script->path)
		return true;
	refuse(word);
	return false;
}
