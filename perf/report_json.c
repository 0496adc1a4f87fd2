/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/smc_fallback.h"
#include "perf/report.h"

#define FORMAT 1

static json_t *number(double n)
{
	return isnan(n) ? json_null() : json_real(n);
}

static json_t *stats_json(const struct stats *s)
{
	return json_pack("{s:I, s:o, s:o, s:o}", "rounds", (json_int_t)s->n, "median",
			 number(s->median), "least", number(s->least), "most", number(s->most));
}

static json_t *metrics_json(const struct results *r, const struct cell *c, size_t over,
			    struct stats (*get)(const struct results *r, const struct cell *c,
						size_t over, enum metric metric))
{
	json_auto_t *all = json_object();

	for (enum metric m = 0; m < METRIC_N; m++) {
		struct stats s = get(r, c, over, m);

		if (s.n > 0 && json_object_set_new(all, metric_names[m], stats_json(&s)) < 0)
			return NULL;
	}
	return TAKE_PTR(all);
}

static json_t *verdict_json(const struct verdict *v)
{
	json_auto_t *all = json_pack("{s:s, s:I, s:I}", "is", verdict_name(v), "connections",
				     (json_int_t)v->n, "fallen_back", (json_int_t)v->fallen);

	if (!all)
		return NULL;
	if (v->reason)
		(void)json_object_set_new(all, "reason",
					  json_string(smc_fallback_reason(v->reason)->name));
	if (v->peer_diagnosis)
		(void)json_object_set_new(
			all, "peer_says",
			json_string(smc_fallback_reason(v->peer_diagnosis)->name));
	if (v->buffer_bytes)
		(void)json_object_set_new(all, "smc_buffer_bytes",
					  json_integer((json_int_t)v->buffer_bytes));
	return TAKE_PTR(all);
}

static json_t *over_json(const struct results *r, const struct cell *c)
{
	json_auto_t *all = json_object();

	for (size_t over = 0; over < r->n_over; over++) {
		const struct verdict *v = results_verdict(r, c, over);
		json_t *one = json_pack("{s:o, s:o, s:b}", "values",
					metrics_json(r, c, over, results_stats), "transport",
					verdict_json(v), "holds",
					(int)verdict_holds(r->over[over], v));

		if (over > 0)
			(void)json_object_set_new(one, "ratio",
						  metrics_json(r, c, over, results_ratio));
		if (json_object_set_new(all, transport_names[r->over[over]], one) < 0)
			return NULL;
	}
	return TAKE_PTR(all);
}

static json_t *cell_json(const struct results *r, const struct cell *c)
{
	const struct measure *m = c->measure;
	json_auto_t *all = json_pack("{s:s, s:s, s:s, s:s, s:o}", "measure", m->name, "title",
				     m->title, "counts", metric_names[m->counts], "better",
				     m->more_is_better ? "more" : "less", "over", over_json(r, c));

	if (all && m->param)
		(void)json_object_set_new(all, m->param, json_integer(c->param));
	return TAKE_PTR(all);
}

static json_t *machine(const struct proto_info *info)
{
	return json_pack("{s:s, s:I}", "kernel", info->kernel, "cpus", (json_int_t)info->cpus);
}

/* What SMC's buffers are made by; left out where the kernel has no SMC. */
static void add_sysctl(json_t *to, const char *name, const char *path)
{
	auto_free char *text = NULL;

	if (file_read(AT_FDCWD, path, 64, &text, NULL, NULL) == 0)
		(void)json_object_set_new(to, name, json_integer(strtoll(text, NULL, 10)));
}

json_t *report_json(const struct options *o, const struct bench *b, const struct results *r)
{
	json_auto_t *cells = json_array();
	json_auto_t *all = json_pack("{s:i, s:s, s:s, s:b, s:o, s:o, s:I, s:f, s:O}", "format",
				     FORMAT, "program", "smc-perf", "version", SMC_CNI_VERSION,
				     "same_machine", (int)b->same_machine, "client",
				     machine(&b->client), "server", machine(&b->server), "rounds",
				     (json_int_t)o->rounds, "seconds", o->seconds, "cells", cells);
	json_t *client = json_object_get(all, "client");

	if (!all)
		return NULL;
	add_sysctl(client, "smc_wmem", "/proc/sys/net/smc/wmem");
	add_sysctl(client, "smc_rmem", "/proc/sys/net/smc/rmem");
	for (size_t i = 0; i < r->n_cells; i++)
		if (json_array_append_new(cells, cell_json(r, &r->cells[i])) < 0)
			return NULL;
	return TAKE_PTR(all);
}
