/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_STATUS_H
#define MEMLUA_STATUS_H

/* memlua's exit statuses; `memlua --help` lists them. */
enum status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,      /* the script failed, or misuse of the command line */
	STATUS_ASSERTION = 2,   /* an assertion of the scenario failed */
	STATUS_RESOURCES = 3,   /* out of resources */
	STATUS_UNSUPPORTED = 4, /* not supported here */
	STATUS_SIGNAL = 5,      /* ended by a signal */
	STATUS_UNTRUSTED = 7,   /* the result is not trustworthy */
	STATUS_TIMEOUT = 124,   /* took longer than allowed */
	STATUS_PANIC = 255,     /* the guest's kernel panicked */
};

#endif
