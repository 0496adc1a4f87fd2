/* SPDX-License-Identifier: Apache-2.0 */
#include "common/fault.h"

#ifdef SMC_FAULT

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *_Atomic scope;
static atomic_ulong count;

void fault_scope(const char *name)
{
	scope = name;
	count = 0;
}

/* "SCOPE:N:HOW". Returns HOW if the scope is the present one. */
static const char *setting_of(const char *now, unsigned long *ret_n)
{
	const char *setting = getenv("SMC_CNI_FAULT");
	size_t len = strlen(now);
	char *end;

	if (!setting || strncasecmp(setting, now, len) != 0 || setting[len] != ':')
		return NULL;
	*ret_n = strtoul(setting + len + 1, &end, 10);
	return *end == ':' ? end + 1 : NULL;
}

int fault(const char *what, struct err *err)
{
	const char *now = scope, *how;
	unsigned long n = 0, at;

	how = now ? setting_of(now, &n) : NULL;
	if (!how)
		return 0;
	at = atomic_fetch_add(&count, 1) + 1;
	if (at != n && strcmp(how, "list") != 0)
		return 0;
	(void)fprintf(stderr, "fault %s:%lu %s\n", now, at, what);
	if (!strcmp(how, "kill"))
		(void)raise(SIGKILL);
	return strcmp(how, "error") ? 0 : err_set(err, -EIO, "fault %lu, %s", at, what);
}

#endif
