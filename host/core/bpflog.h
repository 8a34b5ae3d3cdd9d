/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_BPFLOG_H
#define MEMLUA_BPFLOG_H

/*
 * What libbpf has to say, kept for the error message instead of printed.
 */

/** bpflog_start() - forget what was said so far; installs itself as libbpf's printer. */
void bpflog_start(void);

/**
 * bpflog_tail() - the interesting end of what libbpf said since bpflog_start(): its last complaints, and of a
 * verifier's log the last lines, where the reason stands.
 * Return: text that lives until the next call; "" when nothing was said.
 */
const char *bpflog_tail(void);

#endif
