/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "node-agent/show/pod_metrics.h"
#include "node-agent/show/process_metrics.h"

static void print_seconds(FILE *out, uint64_t us)
{
	(void)fprintf(out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

static void render_latency(FILE *out, const char *verb, const struct latency *l)
{
	const char *name = "smc_cni_request_duration_seconds";
	uint64_t below = 0;

	for (int i = 0; i < LATENCY_N_BUCKETS; i++) {
		below += l->buckets[i];
		(void)fprintf(out, "%s_bucket{verb=\"%s\",le=\"", name, verb);
		print_seconds(out, latency_bucket_us[i]);
		(void)fprintf(out, "\"} %" PRIu64 "\n", below);
	}
	(void)fprintf(out, "%s_bucket{verb=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, verb,
		      l->count);
	(void)fprintf(out, "%s_sum{verb=\"%s\"} ", name, verb);
	print_seconds(out, l->sum_us);
	(void)fprintf(out, "\n%s_count{verb=\"%s\"} %" PRIu64 "\n", name, verb, l->count);
}

static void render_node(FILE *out, const struct metrics_node *node)
{
	metrics_head(out, "smc_cni_node_ready", "gauge",
		     "1 where what the node needs for steering is there.");
	(void)fprintf(out, "smc_cni_node_ready{check=\"agent\"} %d\n", node->ready);
	for (size_t i = 0; i < facts_n; i++) {
		const struct fact *fact = facts_get(node->facts, &facts_table[i]);

		if (!fact->unasked)
			(void)fprintf(out, "smc_cni_node_ready{check=\"%s\"} %d\n",
				      facts_table[i].name, fact->ok);
	}
	metrics_head(
		out, "smc_cni_probe_failures_total", "counter",
		"Times the node could not be asked for one of those: what was seen last is shown.");
	for (size_t i = 0; i < facts_n; i++) {
		const struct fact *fact = facts_get(node->facts, &facts_table[i]);

		if (!fact->unasked)
			(void)fprintf(out,
				      "smc_cni_probe_failures_total{check=\"%s\"} %" PRIu64 "\n",
				      facts_table[i].name, fact->failures);
	}
	metrics_head(out, "smc_cni_paused", "gauge",
		     "The switch smc-cni.io/pause: 1 while it is on.");
	(void)fprintf(out, "smc_cni_paused %d\n", node->paused);
	metrics_head(
		out, "smc_cni_breaker_open", "gauge",
		"Peers to which SMC-R is not offered for a while, since no RDMA path carried it.");
	(void)fprintf(out, "smc_cni_breaker_open %d\n", node->paths_closed);
	metrics_head(out, "smc_cni_watch_restarts_total", "counter",
		     "Times a watch of the API server broke and began anew.");
	(void)fprintf(out, "smc_cni_watch_restarts_total %" PRIu64 "\n", node->watch_restarts);
	metrics_head(out, "smc_cni_events_lost_total", "counter",
		     "Kubernetes events that were not told, or could not be.");
	(void)fprintf(out, "smc_cni_events_lost_total %" PRIu64 "\n", node->events_lost);
	metrics_head(out, "smc_cni_request_duration_seconds", "histogram",
		     "Time from a request on the agent's socket to its answer.");
	for (int v = 0; v < LATENCY_N_VERBS; v++)
		render_latency(out, latency_verb_text((enum latency_verb)v), &node->requests[v]);
	metrics_head(out, "smc_cni_build_info", "gauge", "The version of the agent.");
	(void)fprintf(out, "smc_cni_build_info{version=\"%s\"} 1\n", SMC_CNI_VERSION);
}

int metrics_render(const struct metrics_node *node, const struct metrics_pod *pods, size_t n_pods,
		   char **ret, size_t *ret_len, struct err *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	bool failed;

	if (!out)
		return err_sys(err, ENOMEM, "render metrics");
	(void)__fsetlocking(out, FSETLOCKING_BYCALLER); /* nobody else has it */
	pod_metrics_render(out, pods, n_pods);
	render_node(out, node);
	if (node->process)
		process_metrics_render(out, node->process);
	failed = ferror(out) != 0;
	if (fclose(out) != 0 || failed)
		return err_sys(err, ENOMEM, "render metrics");
	*ret = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}
