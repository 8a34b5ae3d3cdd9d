// SPDX-License-Identifier: GPL-2.0
#include "oom.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "error.h"

/* The kernel's own limit of one record with its escapes (PRINTK_MESSAGE_MAX) is 2 kB. */
#define RECORD_MAX 16384

/* --- text --- */

/* The log writes unprintable bytes and the backslash as \xNN. */
static void unescape(char *text)
{
	char *out = text;
	unsigned int byte;

	while (*text) {
		if (text[0] == '\\' && text[1] == 'x' && isxdigit(text[2]) && isxdigit(text[3]) &&
		    sscanf(text + 2, "%2x", &byte) == 1) {
			*out++ = byte;
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

static char *find_last(char *text, const char *needle)
{
	char *found = NULL;

	for (char *at = text; (at = strstr(at, needle)); at++)
		found = at;
	return found;
}

/* What stands between two marks; NULL when either is missing. */
static char *between(const char *text, const char *before, const char *after)
{
	const char *start = strstr(text, before), *end;

	if (!start)
		return NULL;
	start += strlen(before);
	end = strstr(start, after);
	return end ? strndup(start, end - start) : NULL;
}

/* --- records --- */

static void keep_summary(struct oom_parser *parser, const char *text)
{
	free(parser->summary);
	parser->summary = strdup(text);
	parser->in_summary = true;
}

/* The summary is printed in pieces, which the kernel can't always join. */
static void continue_summary(struct oom_parser *parser, const char *text)
{
	char *joined;

	if (asprintf(&joined, "%s%s", parser->summary ? parser->summary : "", text) < 0)
		return;
	free(parser->summary);
	parser->summary = joined;
}

static pid_t summary_pid(const struct oom_parser *parser)
{
	char *pid = parser->summary ? find_last(parser->summary, ",pid=") : NULL;

	return pid ? atoi(pid + strlen(",pid=")) : 0;
}

/* The summary is of the victim; its constraint holds for the whole group. */
static void add_summary(const struct oom_parser *parser, struct oom_event *event)
{
	if (!parser->summary || summary_pid(parser) != parser->victim)
		return; /* of another kill: ours was left out by the rate limit */
	event->constraint = between(parser->summary, "constraint=", ",");
	event->oom_memcg = between(parser->summary, ",oom_memcg=", ",task_memcg=");
	if (event->pid == parser->victim)
		event->task_memcg = between(parser->summary, ",task_memcg=", ",task=");
}

static bool parse_kill(const char *text, struct oom_event *event)
{
	const char *killed = strstr(text, ": Killed process "), *name, *end, *rss;
	int pid, length = 0;

	if (!killed || sscanf(killed, ": Killed process %d (%n", &pid, &length) != 1 || !length)
		return false;
	name = killed + length;
	end = strstr(name, ") total-vm:"); /* a name may hold parentheses itself */
	rss = end ? strstr(end, ", anon-rss:") : NULL;
	if (!rss)
		return false;
	event->pid = pid;
	event->comm = strndup(name, end - name);
	event->anon_rss = strtoull(rss + strlen(", anon-rss:"), NULL, 10) * 1024; /* in kB */
	event->text = strdup(text);
	return true;
}

/* What leads to a kill, and is none itself. Return: whether the text was that. */
static bool parse_prelude(struct oom_parser *parser, const char *text, bool continued)
{
	if (continued && parser->in_summary) {
		continue_summary(parser, text);
		return true;
	}
	parser->in_summary = false;
	if (!strncmp(text, "oom-kill:", 9))
		keep_summary(parser, text);
	else if (strstr(text, "memory.oom.group set"))
		parser->in_group = true;
	else if (strstr(text, " invoked oom-killer: "))
		parser->in_group = false;
	else
		return false;
	return true;
}

bool oom_parse(struct oom_parser *parser, char *record, struct oom_event *event)
{
	char *text = strchr(record, ';'), flag;
	unsigned long long microseconds;

	if (!text || sscanf(record, "%*u,%*u,%llu,%c", &microseconds, &flag) != 2)
		return false;
	*text++ = '\0';
	text[strcspn(text, "\n")] = '\0'; /* a dictionary of the device follows */
	unescape(text);
	memset(event, 0, sizeof(*event));
	if (parse_prelude(parser, text, flag == 'c') || !parse_kill(text, event))
		return false;
	if (parser->in_group && event->pid == parser->victim) {
		oom_event_clear(event);
		return false;
	}
	if (!parser->in_group)
		parser->victim = event->pid;
	event->time = microseconds / 1e6;
	add_summary(parser, event);
	return true;
}

void oom_event_clear(struct oom_event *event)
{
	free(event->comm);
	free(event->text);
	free(event->constraint);
	free(event->oom_memcg);
	free(event->task_memcg);
	memset(event, 0, sizeof(*event));
}

void oom_parser_clear(struct oom_parser *parser)
{
	free(parser->summary);
	memset(parser, 0, sizeof(*parser));
}

/* --- the log --- */

int oom_open(struct oom_log *log, struct error *err)
{
	memset(log, 0, sizeof(*log));
	log->fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (log->fd < 0)
		return error_set(
			err, errno, "/dev/kmsg: %s%s", strerror(errno),
			errno == EPERM || errno == EACCES ?
				"; reading the kernel log needs root (kernel.dmesg_restrict)" :
				"");
	if (lseek(log->fd, 0, SEEK_END) < 0) {
		error_set(err, errno, "/dev/kmsg: %s", strerror(errno));
		oom_close(log);
		return -1;
	}
	return 0;
}

int oom_read(struct oom_log *log, struct oom_event *event, struct error *err)
{
	char record[RECORD_MAX];

	for (;;) {
		ssize_t n = read(log->fd, record, sizeof(record) - 1);

		if (n < 0 && errno == EPIPE) {
			/* the next read goes on with the oldest record left */
			log->lost = true;
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 && (!n || errno == EAGAIN))
			return 0;
		if (n < 0)
			return error_set(err, errno, "/dev/kmsg: %s", strerror(errno));
		record[n] = '\0';
		if (oom_parse(&log->parser, record, event))
			return 1;
	}
}

void oom_close(struct oom_log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
	oom_parser_clear(&log->parser);
}
