/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_VM_RESULTS_H
#define MEMLUA_VM_RESULTS_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/*
 * What comes back from a microVM into a run's folder. Whatever ran there may have written the stream: it is taken for
 * hostile. Only regular files come through, in folders made here, under names that a run's folder has: figures, what
 * programs printed, the script. No links, devices, hidden or executable files, no scripts of gnuplot, no pictures:
 * those are drawn here from the figures. Each file is whole or not there (beside its name first, synced, renamed), as
 * soon as the guest has sent it.
 *
 * The stream is one or several tar archives in GNU's format, one after the other.
 */
struct results;

/** The most that comes back: bytes of a file, bytes of all, files. A microVM keeps them in its memory. */
#define RESULTS_FILE_MAX (256ULL << 20)
#define RESULTS_TOTAL_MAX (4ULL << 30)
#define RESULTS_FILES_MAX 100000u

/**
 * results_open() - begin to unpack.
 * @folder: where to, which must be there
 * Return: to be closed, or NULL.
 */
struct results *results_open(const char *folder, struct error *err);

/**
 * results_feed() - the next bytes of the stream.
 * Return: 0, or -1 (no space, no folder, no archive, more than the most): what was whole by then stays.
 */
int results_feed(struct results *r, const void *data, size_t len, struct error *err);

/**
 * results_left_out() - what was sent and not taken.
 * Return: "plots/x.gp and 3 more", its control characters replaced; NULL when all was taken.
 */
const char *results_left_out(struct results *r);

/**
 * results_finish() - the stream has ended.
 * Return: 0, or -1 where it ended in the middle of a file, or the folder has gone meanwhile.
 */
int results_finish(struct results *r, struct error *err);

/** results_welcomes() - whether a run's folder takes a file of that path in it, "runs/001-none/run.json". */
bool results_welcomes(const char *path);

/** results_printable() - whether a text is UTF-8 without control characters. */
bool results_printable(const char *text);

/** results_close() - free it and remove what is not whole. NULL is fine. */
void results_close(struct results *r);

#endif
