/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MEMLUA_SUPERVISOR_H
#define MEMLUA_SUPERVISOR_H

/* memlua itself beside its tenants: about the last to go when memory runs out. */

/** supervisor_protect() - lower our OOM score and lock our memory, as far as we may; once. */
void supervisor_protect(void);

/** supervisor_unprotect() - in a child: the OOM score that memlua was started with. */
void supervisor_unprotect(void);

#endif
