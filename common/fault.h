/* SPDX-License-Identifier: Apache-2.0 */
/* Fault points: before each of its steps a test can make a program fail, with an error or by
 * SIGKILL.
 *
 * The points are there in the flavour `make FAULT=1` only (build/fault/); elsewhere the macros are
 * nothing. There SMC_CNI_FAULT=SCOPE:N:HOW in the environment says which point fires: the Nth that
 * the process reaches in that scope (a verb of CNI in lower case, "adopt", "cleanup"), counted from
 * 1. HOW is "error" (the step fails with -EIO, once), "kill" (SIGKILL before the step) or "list"
 * (nothing fires).
 *
 * A point that fires, or is listed, says so on stderr: "fault add:7 netlink request". A run in
 * which nothing fired has fewer points than N. The points of all threads are counted together.
 */
#ifndef SMC_COMMON_FAULT_H
#define SMC_COMMON_FAULT_H

#include "common/err.h"

#ifdef SMC_FAULT

/* Begins a scope and its count. The name must stay valid for good. */
void fault_scope(const char *name);
int fault(const char *what, struct err *err);

#define FAULT_SCOPE(name) fault_scope(name)
/* When it fires with an error, the function that it stands in returns that error. */
#define FAULT_POINT(what, err)                       \
	do {                                         \
		int fault_rc = fault((what), (err)); \
		if (fault_rc < 0)                    \
			return fault_rc;             \
	} while (0)
/* For a place where no error could be returned: it only kills. */
#define FAULT_KILL(what) ((void)fault((what), NULL))

#else

#define FAULT_SCOPE(name) ((void)0)
#define FAULT_POINT(what, err) ((void)0)
#define FAULT_KILL(what) ((void)0)

#endif
#endif
