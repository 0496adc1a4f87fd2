#include "node-agent/show/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

static const char *const state_texts[METRICS_N_STATES] = {
	"steered",
	"tcp",
	"invalid",
	"unavailable",
};

struct rendering {
	FILE *out;
	const struct metrics_pod *pods;
	size_t n_pods;
};

static void head(const struct rendering *r, const char *name, const char *type, const char *help)
{
	(void)fprintf(r->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value, without the quotes around it. */
static void print_escaped(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			(void)fputs("\\n", out);
		else if (*text == '"' || *text == '\\')
			(void)fprintf(out, "\\%c", *text);
		else
			(void)fputc(*text, out);
	}
}

/* `labels`: own labels, each with a comma behind: "role=\"client\"," */
static void sample(const struct rendering *r, const char *name, const char *labels,
		   const struct metrics_pod *pod, uint64_t value)
{
	(void)fprintf(r->out, "%s{%snamespace=\"", name, labels);
	print_escaped(r->out, pod->namespace);
	(void)fputs("\",pod=\"", r->out);
	print_escaped(r->out, pod->name);
	(void)fprintf(r->out, "\"} %" PRIu64 "\n", value);
}

static void render_pods(const struct rendering *r)
{
	char label[64];

	head(r, "smc_cni_pods", "gauge", "Pods known to the agent, by what became of them.");
	for (size_t i = 0; i < r->n_pods; i++) {
		(void)snprintf(label, sizeof(label), "state=\"%s\",",
			       state_texts[r->pods[i].state]);
		sample(r, "smc_cni_pods", label, &r->pods[i], 1);
	}
}

static void render_sockets(const struct rendering *r)
{
	const char *name = "smc_cni_sockets_steered_total";

	head(r, name, "counter", "Sockets asked for as TCP that became SMC sockets.");
	for (size_t i = 0; i < r->n_pods; i++)
		if (r->pods[i].counters)
			sample(r, name, "", &r->pods[i], r->pods[i].counters->steered);
	name = "smc_cni_sockets_unsteered_total";
	head(r, name, "counter", "Sockets of steered pods that stayed TCP sockets.");
	for (size_t i = 0; i < r->n_pods; i++)
		if (r->pods[i].counters)
			sample(r, name, "", &r->pods[i], r->pods[i].counters->unsteered);
}

static void render_ulp(const struct rendering *r)
{
	const char *name = "smc_cni_ulp_calls_total";

	head(r, name, "counter", "Calls of setsockopt(TCP_ULP, \"smc\"), by what was done.");
	for (size_t i = 0; i < r->n_pods; i++) {
		const struct steer_counters *c = r->pods[i].counters;

		if (!c)
			continue;
		sample(r, name, "action=\"ignore\",", &r->pods[i], c->ulp_ignored);
		sample(r, name, "action=\"deny\",", &r->pods[i], c->ulp_denied);
		sample(r, name, "action=\"emulate\",", &r->pods[i], c->ulp_emulated);
	}
}

static void render_connections(const struct rendering *r)
{
	const char *name = "smc_cni_connections_total";

	head(r, name, "counter", "Connections that were made over SMC.");
	for (size_t i = 0; i < r->n_pods; i++) {
		const struct metrics_pod *p = &r->pods[i];
		const struct smc_stats *s = p->stats;

		if (!s)
			continue;
		sample(r, name, "transport=\"smcd\",role=\"client\",", p, s->smcd.client_conns);
		sample(r, name, "transport=\"smcd\",role=\"server\",", p, s->smcd.server_conns);
		sample(r, name, "transport=\"smcr\",role=\"client\",", p, s->smcr.client_conns);
		sample(r, name, "transport=\"smcr\",role=\"server\",", p, s->smcr.server_conns);
	}
	name = "smc_cni_bytes_total";
	head(r, name, "counter", "Bytes that programs sent and received over SMC.");
	for (size_t i = 0; i < r->n_pods; i++) {
		const struct metrics_pod *p = &r->pods[i];
		const struct smc_stats *s = p->stats;

		if (!s)
			continue;
		sample(r, name, "transport=\"smcd\",direction=\"tx\",", p, s->smcd.tx_bytes);
		sample(r, name, "transport=\"smcd\",direction=\"rx\",", p, s->smcd.rx_bytes);
		sample(r, name, "transport=\"smcr\",direction=\"tx\",", p, s->smcr.tx_bytes);
		sample(r, name, "transport=\"smcr\",direction=\"rx\",", p, s->smcr.rx_bytes);
	}
}

static void render_trouble(const struct rendering *r)
{
	const char *name = "smc_cni_fallback_total";
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	char labels[128];

	head(r, name, "counter", "Connections of SMC sockets that stayed TCP, and why.");
	for (size_t i = 0; i < r->n_pods; i++) {
		int n = r->pods[i].tally ? tally_list(r->pods[i].tally, list) : 0;

		for (int k = 0; k < n; k++) {
			(void)snprintf(labels, sizeof(labels), "role=\"%s\",reason=\"%s\",",
				       list[k].server ? "server" : "client", list[k].name);
			sample(r, name, labels, &r->pods[i], list[k].count);
		}
	}
	name = "smc_cni_handshake_errors_total";
	head(r, name, "counter", "SMC handshakes that failed.");
	for (size_t i = 0; i < r->n_pods; i++) {
		const struct smc_stats *s = r->pods[i].stats;

		if (s)
			sample(r, name, "", &r->pods[i],
			       s->handshake_errors_client + s->handshake_errors_server);
	}
}

static void print_seconds(FILE *out, uint64_t us)
{
	(void)fprintf(out, "%" PRIu64 ".%06" PRIu64, us / 1000000, us % 1000000);
}

static void render_requests(const struct rendering *r, const struct latency *requests)
{
	const char *name = "smc_cni_request_duration_seconds";

	head(r, name, "histogram", "Time from a request on the agent's socket to its answer.");
	for (int v = 0; v < LATENCY_N_VERBS; v++) {
		const struct latency *h = &requests[v];
		const char *verb = latency_verb_text((enum latency_verb)v);
		uint64_t below = 0;

		for (int i = 0; i < LATENCY_N_BUCKETS; i++) {
			below += h->buckets[i];
			(void)fprintf(r->out, "%s_bucket{verb=\"%s\",le=\"", name, verb);
			print_seconds(r->out, latency_bucket_us[i]);
			(void)fprintf(r->out, "\"} %" PRIu64 "\n", below);
		}
		(void)fprintf(r->out, "%s_bucket{verb=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name,
			      verb, h->count);
		(void)fprintf(r->out, "%s_sum{verb=\"%s\"} ", name, verb);
		print_seconds(r->out, h->sum_us);
		(void)fprintf(r->out, "\n%s_count{verb=\"%s\"} %" PRIu64 "\n", name, verb,
			      h->count);
	}
}

static void render_node(const struct rendering *r, const struct metrics_node *node)
{
	head(r, "smc_cni_node_ready", "gauge",
	     "1 where what the node needs for steering is there.");
	(void)fprintf(r->out, "smc_cni_node_ready{check=\"agent\"} %d\n", node->ready);
	for (size_t i = 0; i < facts_n; i++) {
		const struct fact *fact = facts_get(node->facts, &facts_table[i]);

		if (!fact->unasked)
			(void)fprintf(r->out, "smc_cni_node_ready{check=\"%s\"} %d\n", facts_table[i].name,
				      fact->ok);
	}
	head(r, "smc_cni_watch_restarts_total", "counter", "Times a watch of the API server broke and began anew.");
	(void)fprintf(r->out, "smc_cni_watch_restarts_total %" PRIu64 "\n", node->watch_restarts);
	render_requests(r, node->requests);
	head(r, "smc_cni_build_info", "gauge", "The version of the agent.");
	(void)fprintf(r->out, "smc_cni_build_info{version=\"%s\"} 1\n", SMC_CNI_VERSION);
}

int metrics_render(const struct metrics_node *node, const struct metrics_pod *pods, size_t n_pods,
		   char **ret, size_t *ret_len, struct err *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	struct rendering r = { .pods = pods, .n_pods = n_pods };
	bool failed;

	r.out = open_memstream(&text, &len);
	if (!r.out)
		return err_sys(err, ENOMEM, "render metrics");
	render_pods(&r);
	render_sockets(&r);
	render_connections(&r);
	render_trouble(&r);
	render_ulp(&r);
	render_node(&r, node);
	failed = ferror(r.out) != 0;
	if (fclose(r.out) != 0 || failed)
		return err_sys(err, ENOMEM, "render metrics");
	*ret = TAKE_PTR(text);
	*ret_len = len;
	return 0;
}
