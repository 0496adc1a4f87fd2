/* SPDX-License-Identifier: Apache-2.0 */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/printable.h"

#define LINE_MAX_BYTES 4096
#define CUT_MARK "...\n"

static const char *const level_names[] = { "error", "warn", "info", "debug" };
static _Atomic int current_level = LOG_LEVEL_INFO;

/* A line that is being written. Once it is full it takes nothing more. */
struct line {
	size_t len;
	bool cut;
	char text[LINE_MAX_BYTES];
};

void log_set_level(enum log_level level)
{
	atomic_store(&current_level, (int)level);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load(&current_level);
}

int log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

static void put(struct line *line, const char *text)
{
	size_t len = strlen(text);

	if (line->cut || len > sizeof(line->text) - sizeof(CUT_MARK) - line->len) {
		line->cut = true;
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static bool is_plain(const char *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:/@+-";

	return *value != '\0' && value[strspn(value, allowed)] == '\0';
}

static void put_quoted(struct line *line, const char *value)
{
	char piece[PRINTABLE_ONE_MAX];

	put(line, "\"");
	while (printable_next(&value, piece) > 0) {
		if (!strcmp(piece, "\"") || !strcmp(piece, "\\"))
			put(line, "\\");
		put(line, piece);
	}
	put(line, "\"");
}

/* The time of day is enough on a terminal; code for dates would be a thirtieth of the static
 * plugin. */
static void put_time(struct line *line)
{
	struct timespec now;
	char text[32];
	int second;

	if (!isatty(STDERR_FILENO))
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	second = (int)(now.tv_sec % 86400);
	(void)snprintf(text, sizeof(text), "time=%02d:%02d:%02dZ ", second / 3600, second / 60 % 60,
		       second % 60);
	put(line, text);
}

void log_kv(enum log_level level, const char *msg, ...)
{
	struct line line = { .len = 0 };
	const char *key, *end;
	va_list args;

	if (level > log_get_level())
		return;
	put_time(&line);
	put(&line, "level=");
	put(&line, level_names[level]);
	put(&line, " msg=");
	put_quoted(&line, msg);
	va_start(args, msg);
	while ((key = va_arg(args, const char *))) {
		const char *value = va_arg(args, const char *);

		if (!value)
			continue;
		put(&line, " ");
		put(&line, key);
		put(&line, "=");
		if (is_plain(value))
			put(&line, value);
		else
			put_quoted(&line, value);
	}
	va_end(args);
	end = line.cut ? CUT_MARK : "\n"; /* put() has left room for it */
	memcpy(line.text + line.len, end, strlen(end));
	line.len += strlen(end);
	(void)!write(STDERR_FILENO, line.text, line.len);
}
