// SPDX-License-Identifier: GPL-2.0
#include "vm_results.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "error.h"
#include "save.h"

#define BLOCK 512
#define MOST_FOLDERS 6
/* In the run's folder: what a killed memlua leaves there the next one takes away. */
#define BESIDE ".incoming"

struct results {
	char path[PATH_MAX];
	int folder;
	char block[BLOCK];
	size_t in_block;
	uint64_t left;       /* bytes of the entry's content that are to come */
	size_t padding;      /* and the bytes behind them, up to a whole block */
	bool is_name;        /* the content is the long name of the entry behind it */
	char name[PATH_MAX]; /* of the entry, or as much of the long name as has come */
	size_t name_len;     /* of a long name, 0: there is none */
	int file;            /* the entry's file, -1: it is left out */
	uint64_t total;
	unsigned int files, others;
	char left_out[256];
};

static int fail(const struct results *r, struct error *err, int code, const char *what,
		const char *why)
{
	return error_set(err, code, "%s: the results could not be unpacked: %s%s%s", r->path, what,
			 *what ? ": " : "", why);
}

/* --- which names are taken --- */

static const char *const endings[] = {".json", ".calls", ".out", ".err", ".txt", ".log", ".csv",
				      ".tsv",  ".dat",   ".md",  ".c",   ".o",   NULL};
static const char *const names[] = {"script.lua", "history", NULL};

static bool is_known_file(const char *name)
{
	const char *ending = strrchr(name, '.');

	for (const char *const *n = names; *n; n++)
		if (!strcmp(name, *n))
			return true;
	for (const char *const *e = endings; ending && *e; e++)
		if (!strcmp(ending, *e))
			return true;
	return false;
}

/* Length of the printable character at @s in UTF-8 (RFC 3629, no controls of C0 and C1), 0: there is none. */
static size_t printable(const unsigned char *s)
{
	size_t len = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < ' ' || s[0] == 0x7f || (s[0] >= 0x80 && s[0] < 0xc2) || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return s[0] == 0xc2 && s[1] < 0xa0 ? 0 : len;
}

bool results_printable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t len; *s; s += len)
		if (!(len = printable(s)))
			return false;
	return true;
}

/* "runs/001-none/run.json": folders and a file, none of them hidden, so none of them "..". */
bool results_welcomes(const char *path)
{
	unsigned int folders = 0;
	const char *part = path, *slash;

	if (!results_printable(path))
		return false;
	for (; (slash = strchr(part, '/')); part = slash + 1)
		if (*part == '.' || slash == part || ++folders > MOST_FOLDERS ||
		    !strncmp(part, "plots/", 6))
			return false;
	return *part && *part != '.' && strlen(part) <= NAME_MAX && is_known_file(part);
}

static void leave_out(struct results *r, const char *name)
{
	size_t at = 0;

	if (r->others++)
		return;
	for (size_t len; *name && at + 5 < sizeof(r->left_out) - 32; name += len, at += len) {
		len = printable((const unsigned char *)name);
		memcpy(r->left_out + at, len ? name : "?", len ? len : 1);
		len += !len;
	}
	r->left_out[at] = '\0';
}

/* --- files --- */

/* The folder of a path in ours, made where it isn't there; no link leads out. Return: a descriptor or -1. */
static int open_folder(const struct results *r, const char *path)
{
	int at = fcntl(r->folder, F_DUPFD_CLOEXEC, 0);
	const char *slash;

	for (; at >= 0 && (slash = strchr(path, '/')); path = slash + 1) {
		char part[NAME_MAX + 1];
		int next, code;

		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		next = mkdirat(at, part, 0777) && errno != EEXIST ?
			       -1 :
			       openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		code = errno;
		close(at);
		errno = code;
		at = next;
	}
	return at;
}

static int open_beside(const struct results *r)
{
	unlinkat(r->folder, BESIDE, 0);
	return openat(r->folder, BESIDE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		      0644);
}

/* The file is whole: it gets its name. */
static int settle_file(struct results *r, struct error *err)
{
	const char *slash = strrchr(r->name, '/');
	CLEANUP_CLOSE int into = -1;

	if (r->file < 0)
		return 0;
	if (fsync(r->file) || (into = open_folder(r, r->name)) < 0 ||
	    renameat(r->folder, BESIDE, into, slash ? slash + 1 : r->name))
		return fail(r, err, errno, r->name, strerror(errno));
	close(r->file);
	r->file = -1;
	return 0;
}

/* --- the archive: POSIX ustar headers, and GNU's 'L' for names that don't fit (tar(5)) --- */

/* An octal number in @len characters. Return: UINT64_MAX where it is none. */
static uint64_t octal(const char *text, size_t len)
{
	uint64_t value = 0;
	size_t i = 0;

	while (i < len && text[i] == ' ')
		i++;
	for (; i < len && text[i] >= '0' && text[i] <= '7'; i++)
		value = value << 3 | (uint64_t)(text[i] - '0');
	return i < len && text[i] && text[i] != ' ' ? UINT64_MAX : value;
}

static bool has_right_sum(const char *block)
{
	uint64_t sum = UINT64_C(8) * ' '; /* the sum's own field counts as blanks */

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? 0 : (unsigned char)block[i];
	return octal(block + 148, 8) == sum;
}

static bool is_empty(const char *block)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

/* Archives begin with "./". */
static void take_name(struct results *r)
{
	if (!r->name_len)
		snprintf(r->name, sizeof(r->name), "%.100s", r->block);
	r->name_len = 0;
	if (!strncmp(r->name, "./", 2))
		memmove(r->name, r->name + 2, strlen(r->name) - 1);
}

static bool is_taken(struct results *r, char type, uint64_t size)
{
	if (type == '5')
		return false; /* folders are made when a file goes there */
	if ((type == '0' || !type) && size <= RESULTS_FILE_MAX && results_welcomes(r->name))
		return true;
	leave_out(r, r->name);
	return false;
}

static int begin_file(struct results *r, char type, struct error *err)
{
	take_name(r);
	if (!is_taken(r, type, r->left))
		return 0;
	r->total += r->left;
	if (++r->files > RESULTS_FILES_MAX || r->total > RESULTS_TOTAL_MAX)
		return fail(r, err, EFBIG, "",
			    "the microVM sends more than a run's folder may hold");
	r->file = open_beside(r);
	return r->file < 0 ? fail(r, err, errno, "", strerror(errno)) : 0;
}

static int end_entry(struct results *r, struct error *err)
{
	if (!r->is_name)
		return settle_file(r, err);
	r->name[r->name_len] = '\0';
	return 0;
}

static int take_header(struct results *r, struct error *err)
{
	char type = r->block[156];

	if (is_empty(r->block))
		return 0; /* an archive's end */
	r->left = octal(r->block + 124, 12);
	if (memcmp(r->block + 257, "ustar", 5) || !has_right_sum(r->block) || r->left > 1ULL << 40)
		return fail(r, err, EBADMSG, "", "what the microVM sends is no archive");
	r->padding = -r->left % BLOCK;
	r->is_name = type == 'L';
	if (r->is_name)
		r->name_len = 0;
	else if (begin_file(r, type, err))
		return -1;
	return r->left ? 0 : end_entry(r, err);
}

static int take_content(struct results *r, const char *data, size_t len, struct error *err)
{
	if (r->is_name && r->name_len + len >= sizeof(r->name))
		return fail(r, err, ENAMETOOLONG, "", "a name is too long");
	if (r->is_name) {
		memcpy(r->name + r->name_len, data, len);
		r->name_len += len;
	} else if (r->file >= 0 && write_all(r->file, data, len)) {
		return fail(r, err, errno, r->name, strerror(errno));
	}
	r->left -= len;
	return r->left ? 0 : end_entry(r, err);
}

static size_t least(uint64_t a, size_t b)
{
	return a < b ? a : b;
}

/* Return: how many of the bytes were taken, or -1. */
static ssize_t take_some(struct results *r, const char *data, size_t len, struct error *err)
{
	size_t n;

	if (r->left) {
		n = least(r->left, len);
		return take_content(r, data, n, err) ? -1 : (ssize_t)n;
	}
	if (r->padding) {
		n = least(r->padding, len);
		r->padding -= n;
		return n;
	}
	n = least(BLOCK - r->in_block, len);
	memcpy(r->block + r->in_block, data, n);
	r->in_block += n;
	if (r->in_block < BLOCK)
		return n;
	r->in_block = 0;
	return take_header(r, err) ? -1 : (ssize_t)n;
}

/* --- the whole --- */

struct results *results_open(const char *folder, struct error *err)
{
	struct results *r = calloc(1, sizeof(*r));

	if (!r) {
		error_set(err, ENOMEM, "%s: %s", folder, strerror(ENOMEM));
		return NULL;
	}
	r->file = -1;
	snprintf(r->path, sizeof(r->path), "%s", folder);
	r->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->folder >= 0)
		return r;
	fail(r, err, errno, "", strerror(errno));
	free(r);
	return NULL;
}

int results_feed(struct results *r, const void *data, size_t len, struct error *err)
{
	for (const char *at = data; len;) {
		ssize_t n = take_some(r, at, len, err);

		if (n < 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

const char *results_left_out(struct results *r)
{
	size_t len = strlen(r->left_out);

	if (!r->others)
		return NULL;
	if (r->others > 1)
		snprintf(r->left_out + len, sizeof(r->left_out) - len, " and %u more",
			 r->others - 1);
	r->others = 1; /* said once */
	return r->left_out;
}

int results_finish(struct results *r, struct error *err)
{
	struct stat st;

	if (fstat(r->folder, &st) || !st.st_nlink)
		return fail(r, err, ENOENT, "", strerror(ENOENT));
	if (r->left || r->padding || r->in_block)
		return fail(r, err, EIO, r->file >= 0 ? r->name : "",
			    "the microVM ended while it sent them");
	return 0;
}

void results_close(struct results *r)
{
	if (!r)
		return;
	if (r->file >= 0) {
		close(r->file);
		unlinkat(r->folder, BESIDE, 0);
	}
	close(r->folder);
	free(r);
}
