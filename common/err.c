/* SPDX-License-Identifier: Apache-2.0 */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/printable.h"

/* Formatting goes through a second buffer, so that err->msg itself may be an argument. */
static void format_text(char text[sizeof(((struct err *)0)->msg)], const char *fmt, va_list args)
	__attribute__((format(printf, 2, 0)));

static void format_text(char text[sizeof(((struct err *)0)->msg)], const char *fmt, va_list args)
{
	(void)vsnprintf(text, sizeof(((struct err *)0)->msg), fmt, args);
}

/* Writes "head: tail", of which nothing moves a cursor or begins a line: messages quote what
 * tenants wrote. What does not fit is cut. tail must not point into err->msg. */
static void join(struct err *err, const char *head, const char *tail)
{
	char text[2 * sizeof(err->msg) + sizeof(": ")];

	(void)snprintf(text, sizeof(text), "%s%s%s", head, *tail ? ": " : "", tail);
	(void)printable(text, err->msg, sizeof(err->msg));
}

int(err_set)(struct err *err, int rc, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	va_list args;

	if (!err)
		return rc;
	va_start(args, fmt);
	format_text(text, fmt, args);
	va_end(args);
	join(err, text, "");
	return rc;
}

const char *err_text(int errnum)
{
	static _Thread_local char number[32];
	const char *text = strerror(errnum);

	if (strcmp(text, "No error information") != 0)
		return text;
	(void)snprintf(number, sizeof(number), "Unknown error %d", errnum);
	return number;
}

int(err_sys)(struct err *err, int errnum, const char *fmt, ...)
{
	int rc = errnum == 0 ? -EIO : errnum > 0 ? -errnum : errnum;
	char text[sizeof(err->msg)];
	va_list args;

	if (!err)
		return rc;
	va_start(args, fmt);
	format_text(text, fmt, args);
	va_end(args);
	join(err, text, err_text(-rc));
	return rc;
}

int(err_prefix)(struct err *err, int rc, const char *fmt, ...)
{
	char text[sizeof(err->msg)], old[sizeof(err->msg)];
	va_list args;

	if (!err)
		return rc;
	va_start(args, fmt);
	format_text(text, fmt, args);
	va_end(args);
	memcpy(old, err->msg, sizeof(old));
	join(err, text, old);
	return rc;
}

void err_keep_first(int *first, struct err *ret, int rc, const struct err *err)
{
	if (rc >= 0 || *first < 0)
		return;
	*first = rc;
	if (ret)
		*ret = *err;
}
