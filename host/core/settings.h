/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SETTINGS_H
#define MEMLUA_SETTINGS_H

struct error;

/* What a setting's value must be. */
enum setting_kind {
	SETTING_FLAG,     /* it has none */
	SETTING_TEXT,     /* not empty */
	SETTING_COUNT,    /* a whole number of 0 or more */
	SETTING_POSITIVE, /* a whole number of 1 or more */
	SETTING_DURATION, /* more than 0, see parse_duration() */
	SETTING_SIZE,     /* more than 0, see parse_size() */
	SETTING_CHOICE,   /* one of the words in its argument */
};

/* Who takes it beside memlua itself, each more than the one before. */
enum setting_taker {
	TAKEN_FIRST,     /* nobody: it stands before the script's name only */
	TAKEN_BY_RUN,    /* scripts that run something */
	TAKEN_BY_REPORT, /* and those that write a folder (common = "report" in memlua.option) */
	TAKEN_BY_PRINT,  /* and those that only print (common = "print") */
};

/* A setting: an option of memlua's command line, which may be given as MEMLUA_NAME in the environment too. */
struct setting {
	const char *name; /* NULL: it has a letter only */
	char letter;      /* 0: long form only */
	enum setting_kind kind;
	enum setting_taker taker;
	const char *argument; /* NULL for a flag; for a choice the words, "auto|kvm|tcg" */
	const char *help;
	/* what memlua(1) says beside; `bold`, arguments are found by themselves */
	const char *more;
	const char *excludes; /* the setting that contradicts it */
};

/* An upper bound, for arrays beside the table. */
enum { SETTINGS_MAX = 48 };

/* All of them, in the order in which they are told. The last has neither name nor letter. */
extern const struct setting settings_table[];

/** settings_end() - is this the end of the table? */
#define settings_end(s) (!(s)->name && !(s)->letter)

/**
 * setting_check() - is that a value of the setting?
 * Return: 0, or -1 (EINVAL) with "--name: reason".
 */
int setting_check(const struct setting *setting, const char *value, struct error *err);

/** setting_variable() - its name in the environment: MEMLUA_DRY_RUN for dry-run. Return: @name. */
const char *setting_variable(const struct setting *setting, char name[64]);

/** setting_from_environment() - its value there, NULL if none; a flag counts unless it is empty or 0. */
const char *setting_from_environment(const struct setting *setting);

#endif
