/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_OOM_H
#define MEMLUA_OOM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct error;

/*
 * OOM kills as the kernel log reports them. Two records tell of one kill (mm/oom_kill.c,
 * dump_oom_victim() and __oom_kill_process()):
 *   oom-kill:constraint=...,oom_memcg=LIMIT,task_memcg=VICTIM,task=COMM,pid=PID,uid=UID
 *   Memory cgroup out of memory: Killed process PID (COMM) total-vm:..., anon-rss:...
 * The first is rate-limited and may be missing. With memory.oom.group the rest of the group follows,
 * the victim once more among them; that repetition is no event.
 */
struct oom_event {
	double time; /* seconds since boot, on the log's clock: within some ms of CLOCK_MONOTONIC */
	pid_t pid;
	uint64_t anon_rss; /* bytes */
	char *comm, *text;
	/* NULL when the kernel did not say */
	char *constraint, *oom_memcg, *task_memcg;
};

/* Turns records into events; all zeros is the start. */
struct oom_parser {
	char *summary;   /* the last oom-kill: record */
	bool in_summary; /* it may go on */
	pid_t victim;    /* whom the kernel chose last, */
	bool in_group;   /* and now the rest of its group follows */
};

/**
 * oom_parse() - one record as /dev/kmsg gives it: "prefix,sequence,microseconds,flags;text".
 * @record: is changed
 * @event:  filled in when the record completes one; to be cleared with oom_event_clear()
 * Return: whether it did.
 */
bool oom_parse(struct oom_parser *parser, char *record, struct oom_event *event);

void oom_event_clear(struct oom_event *event);
void oom_parser_clear(struct oom_parser *parser);

struct oom_log {
	int fd;
	struct oom_parser parser;
	bool lost; /* records were overwritten before we read them */
};

/**
 * oom_open() - the kernel log from now on.
 * Return: 0, or -1: EPERM where only root may read it.
 */
int oom_open(struct oom_log *log, struct error *err);

/**
 * oom_read() - the next OOM kill that has been logged, without waiting.
 * Return: 1 with an event, 0 when there is none, -1 on error.
 */
int oom_read(struct oom_log *log, struct oom_event *event, struct error *err);

/** oom_close() - idempotent. */
void oom_close(struct oom_log *log);

#endif
