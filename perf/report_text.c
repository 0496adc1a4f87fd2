/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/table.h"
#include "perf/report.h"

#define WIDTH 80

enum column { PARAM, OVER, VALUE, SPREAD, P99, P999, CPU, RATIO, RANGE, COLUMNS_N };

static void free_table(struct table **t)
{
	table_free(*t);
}

/* Four digits that count, in seven characters at most. */
static const char *number(double n, char *buf, size_t size)
{
	if (isnan(n))
		(void)snprintf(buf, size, "-");
	else
		(void)snprintf(buf, size, "%.*f", fabs(n) < 10 ? 2 : fabs(n) < 1000 ? 1 : 0, n);
	return buf;
}

static void add_number(struct table *t, double n)
{
	char buf[32];

	table_add(t, "%s", number(n, buf, sizeof(buf)));
}

static void add_param(struct table *t, const struct measure *m, uint32_t param)
{
	bool bytes = m->param && strcmp(m->param, "bytes") == 0;

	if (!m->param)
		table_add(t, " ");
	else if (bytes && param >= 1 << 20)
		table_add(t, "%uM", param >> 20);
	else if (bytes && param >= 1024)
		table_add(t, "%uK", param >> 10);
	else
		table_add(t, "%u", param);
}

static void add_ratio(struct table *t, const struct results *r, const struct cell *c, size_t over)
{
	struct stats s = results_ratio(r, c, over, c->measure->counts);

	if (over == 0 || s.n == 0) {
		table_add(t, " ");
		table_add(t, " ");
		return;
	}
	table_add(t, "%.2f", s.median);
	if (s.n > 1)
		table_add(t, "%.2f-%.2f", s.least, s.most);
	else
		table_add(t, "-");
}

static void add_row(struct table *t, const struct results *r, const struct cell *c, size_t over)
{
	enum metric counts = c->measure->counts;
	struct stats s = results_stats(r, c, over, counts);
	double spread = s.n > 1 ? stats_spread(&s) : NAN;

	if (over == 0)
		add_param(t, c->measure, c->param);
	else
		table_add(t, " ");
	table_add(t, "%s", verdict_name(results_verdict(r, c, over)));
	add_number(t, counts == METRIC_BYTES ? s.median / 1024 : s.median);
	if (isnan(spread))
		table_add(t, "-");
	else
		table_add(t, "%.0f%%", 100 * spread);
	add_number(t, results_stats(r, c, over, METRIC_P99).median);
	add_number(t, results_stats(r, c, over, METRIC_P999).median);
	add_number(t, results_stats(r, c, over, METRIC_CPU).median);
	add_ratio(t, r, c, over);
}

static int print_measure(const struct results *r, const struct measure *m, FILE *out)
{
	const struct table_column columns[COLUMNS_N] = {
		[PARAM] = { !m->param	     ? " " :
			    *m->param == 'b' ? "BYTES" :
					       "CONNS",
			    true },
		[OVER] = { "OVER", false },
		[VALUE] = { m->unit, true },
		[SPREAD] = { "+-", true },
		[P99] = { "P99", true },
		[P999] = { "P99.9", true },
		[CPU] = { "CPU us", true },
		[RATIO] = { "RATIO", true },
		[RANGE] = { "OF ROUNDS", true },
	};
	struct table *t auto_with(free_table) = table_new(columns, COLUMNS_N);
	bool any = false;

	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].measure != m)
			continue;
		any = true;
		for (size_t over = 0; over < r->n_over; over++)
			add_row(t, r, &r->cells[i], over);
	}
	if (!any)
		return 0;
	(void)fprintf(out, "\n%s\n", m->title);
	return table_print(t, WIDTH, out);
}

static void print_legend(const struct options *o, const struct results *r, FILE *out)
{
	(void)fprintf(
		out,
		"\nMedians of %u rounds of %g s, %s and the others in turns. +-: from the "
		"least\nto the greatest of the rounds, by the median. RATIO: to %s in the same "
		"round.\nP50, P99, P99.9: us an operation; CPU us: of all processors of both "
		"ends, for an\noperation, or for a MB of a stream.\n",
		o->rounds, o->seconds, transport_names[r->over[0]], transport_names[r->over[0]]);
}

int report_text(const struct options *o, const struct bench *b, const struct results *r, FILE *out)
{
	int rc = 0;

	(void)fprintf(out, "smc-perf %s\nclient: Linux %s, %u processors\n", SMC_CNI_VERSION,
		      b->client.kernel, b->client.cpus);
	if (b->same_machine)
		(void)fprintf(out, "server: on the same machine\n");
	else
		(void)fprintf(out, "server: Linux %s, %u processors\n", b->server.kernel,
			      b->server.cpus);
	for (size_t i = 0; rc == 0 && i < MEASURES_N; i++)
		rc = print_measure(r, &measures[i], out);
	print_legend(o, r, out);
	return rc;
}
