/* SPDX-License-Identifier: Apache-2.0 */
#include "common/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/cleanup.h"

#define GAP 2
#define LAST_MIN 12 /* the last column keeps so much, however narrow the terminal is */

struct table {
	const struct table_column *columns;
	size_t n_columns;
	size_t n_cells;
	char **cells;
	bool no_memory;
};

struct table *table_new(const struct table_column *columns, size_t n_columns)
{
	struct table *t = calloc(1, sizeof(*t));

	assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
	if (!t)
		return NULL;
	t->columns = columns;
	t->n_columns = n_columns;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t);
}

void table_add(struct table *t, const char *fmt, ...)
{
	char **grown;
	char *text;
	va_list ap;
	int n;

	if (!t)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	grown = n < 0 ? NULL : reallocarray(t->cells, t->n_cells + 1, sizeof(char *));
	if (!grown) {
		if (n >= 0)
			free(text);
		t->no_memory = true;
		return;
	}
	t->cells = grown;
	t->cells[t->n_cells++] = text;
}

static bool begins_character(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

static int width_of(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += begins_character(*text);
	return n;
}

/* How many bytes the first `width` characters have. */
static int bytes_of(const char *text, int width)
{
	int i = 0;

	for (; text[i]; i++)
		if (begins_character(text[i]) && width-- == 0)
			break;
	return i;
}

static void print_cell(const char *text, int width, bool right, FILE *out)
{
	int pad = width - width_of(text);

	if (pad < 0)
		pad = 0;
	(void)fprintf(out, "%*s%s%*s", right ? pad : 0, "", text, right ? 0 : pad, "");
}

/* Text at the end of a line: not padded, cut where it does not fit (room < 0: it always does). */
static void print_rest(const char *text, int room, FILE *out)
{
	if (room < 0 || width_of(text) <= room)
		(void)fprintf(out, "%s\n", text);
	else
		(void)fprintf(out, "%.*s...\n", bytes_of(text, room - 3), text);
}

static void print_row(const struct table *t, const char *const *cells, const int *widths, int room,
		      FILE *out)
{
	size_t last = t->n_columns - 1;

	for (size_t c = 0; c < last; c++) {
		print_cell(cells[c], widths[c], t->columns[c].right, out);
		(void)fprintf(out, "%*s", GAP, "");
	}
	if (!t->columns[last].right) {
		print_rest(cells[last], room, out);
		return;
	}
	print_cell(cells[last], widths[last], true, out);
	(void)fputc('\n', out);
}

int table_print(const struct table *t, int width, FILE *out)
{
	const char *titles[TABLE_COLUMNS_MAX];
	int widths[TABLE_COLUMNS_MAX];
	int room = width;

	if (!t || t->no_memory)
		return -ENOMEM;
	assert(t->n_cells % t->n_columns == 0);
	for (size_t c = 0; c < t->n_columns; c++) {
		titles[c] = t->columns[c].title;
		widths[c] = width_of(titles[c]);
		for (size_t i = c; i < t->n_cells; i += t->n_columns)
			if (width_of(t->cells[i]) > widths[c])
				widths[c] = width_of(t->cells[i]);
		if (c + 1 < t->n_columns)
			room -= widths[c] + GAP;
	}
	if (room < LAST_MIN)
		room = LAST_MIN;
	if (width == 0)
		room = -1;
	print_row(t, titles, widths, room, out);
	for (size_t i = 0; i < t->n_cells; i += t->n_columns)
		print_row(t, (const char *const *)&t->cells[i], widths, room, out);
	return 0;
}

int table_terminal_width(FILE *out)
{
	struct winsize size = { 0 };
	int fd = fileno(out);

	if (fd < 0 || !isatty(fd))
		return 0;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
