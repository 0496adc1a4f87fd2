/* SPDX-License-Identifier: Apache-2.0 */
/* Text in columns that line up. Widths are counted in UTF-8 characters. */
#ifndef SMC_COMMON_TABLE_H
#define SMC_COMMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS_MAX 12

struct table_column {
	const char *title;
	bool right; /* numbers */
};

struct table; /* NULL: there was no memory; all calls accept it, and table_print() fails */

/* columns: borrowed for the table's life, at most TABLE_COLUMNS_MAX. */
struct table *table_new(const struct table_column *columns, size_t n_columns);
void table_free(struct table *t);

/* The next cell, row by row; the text is copied. */
void table_add(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Lines wider than `width` are cut in the last column if it has text, which ends in "..." then. 0:
 * nothing is cut. -ENOMEM. */
int table_print(const struct table *t, int width, FILE *out);

/* Columns of the terminal behind out, 0 when there is none: then nothing is to be cut. */
int table_terminal_width(FILE *out);

#endif
