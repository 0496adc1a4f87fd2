/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/pod_metrics.h"

#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"

static const char *const state_texts[METRICS_N_STATES] = {
	"steered",
	"tcp",
	"invalid",
	"unavailable",
};

/* What must have been read of the pod. */
enum needs {
	COUNTERS, /* those of the BPF programs that steer */
	OFFERS, /* and of those that keep SMC to peers */
	SMC, /* the kernel's statistics */
};

#define COUNTER(member) .of = COUNTERS, .at = offsetof(struct stats, counters.member)
#define OFFER(member) .of = OFFERS, .at = offsetof(struct stats, offers.member)
#define STAT(member) .of = SMC, .at = offsetof(struct stats, smc.member)

static const struct row {
	const char *name; /* NULL: another sample of the row before */
	const char *help;
	const char *labels; /* own ones, each with a comma behind */
	enum needs of;
	size_t at, plus; /* of a uint64_t in struct stats, and of one to be added; 0: none */
} rows[] = {
	{ "smc_cni_sockets_steered_total", "Sockets asked for as TCP that became SMC sockets.", "",
	  COUNTER(steered) },
	{ "smc_cni_sockets_unsteered_total", "Sockets of steered pods that stayed TCP sockets.", "",
	  COUNTER(unsteered) },
	{ "smc_cni_sockets_landlocked_total",
	  "Sockets that stayed TCP as their program confines itself with Landlock.", "",
	  COUNTER(landlocked) },
	{ "smc_cni_sockets_bounded_total",
	  "Sockets that stayed TCP as too many connects waited for an answer.", "",
	  COUNTER(bounded) },
	{ "smc_cni_ulp_calls_total", "Calls of setsockopt(TCP_ULP, \"smc\"), by what was done.",
	  "action=\"ignore\",", COUNTER(ulp_ignored) },
	{ .labels = "action=\"deny\",", COUNTER(ulp_denied) },
	{ .labels = "action=\"emulate\",", COUNTER(ulp_emulated) },
	{ "smc_cni_offers_total", "Connections that asked for SMC, by whether 'peers' let them.",
	  "decision=\"kept\",", OFFER(kept) },
	{ .labels = "decision=\"blanked\",", OFFER(blanked) },
	{ "smc_cni_connections_total", "Connections that were made over SMC.",
	  "transport=\"smcd\",role=\"client\",", STAT(smcd.client_conns) },
	{ .labels = "transport=\"smcd\",role=\"server\",", STAT(smcd.server_conns) },
	{ .labels = "transport=\"smcr\",role=\"client\",", STAT(smcr.client_conns) },
	{ .labels = "transport=\"smcr\",role=\"server\",", STAT(smcr.server_conns) },
	{ "smc_cni_bytes_total", "Bytes that programs sent and received over SMC.",
	  "transport=\"smcd\",direction=\"tx\",", STAT(smcd.tx_bytes) },
	{ .labels = "transport=\"smcd\",direction=\"rx\",", STAT(smcd.rx_bytes) },
	{ .labels = "transport=\"smcr\",direction=\"tx\",", STAT(smcr.tx_bytes) },
	{ .labels = "transport=\"smcr\",direction=\"rx\",", STAT(smcr.rx_bytes) },
	{ "smc_cni_handshake_errors_total", "SMC handshakes that failed.", "",
	  STAT(handshake_errors_client),
	  .plus = offsetof(struct stats, smc.handshake_errors_server) },
};

void metrics_head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value, without the quotes around it. */
static void print_escaped(FILE *out, const char *text)
{
	for (;;) {
		size_t plain = strcspn(text, "\n\"\\");

		(void)fwrite(text, 1, plain, out);
		text += plain;
		if (!*text)
			return;
		(void)fprintf(out, "\\%c", *text == '\n' ? 'n' : *text);
		text++;
	}
}

/* name NULL: of all pods of the namespace together. */
static void sample(FILE *out, const char *metric, const char *labels, const char *namespace,
		   const char *name, uint64_t value)
{
	(void)fprintf(out, "%s{%snamespace=\"", metric, labels);
	print_escaped(out, namespace);
	if (name) {
		(void)fputs("\",pod=\"", out);
		print_escaped(out, name);
	}
	(void)fprintf(out, "\"} %" PRIu64 "\n", value);
}

/* ---- what became of each ---- */

static void print_states(FILE *out, const char *namespace, const uint64_t n[METRICS_N_STATES])
{
	char labels[64];

	for (int s = 0; s < METRICS_N_STATES; s++) {
		(void)snprintf(labels, sizeof(labels), "state=\"%s\",", state_texts[s]);
		if (n[s])
			sample(out, "smc_cni_pods", labels, namespace, NULL, n[s]);
	}
}

/* Pods of one namespace lie together. */
static void render_others(FILE *out, const struct metrics_pod *pods, size_t n)
{
	uint64_t count[METRICS_N_STATES] = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (!pods[i].own)
			count[pods[i].state]++;
		if (i + 1 < n && !strcmp(pods[i].namespace, pods[i + 1].namespace))
			continue;
		print_states(out, pods[i].namespace, count);
		memset(count, 0, sizeof(count));
	}
}

static void render_states(FILE *out, const struct metrics_pod *pods, size_t n)
{
	char labels[64];

	metrics_head(
		out, "smc_cni_pods", "gauge",
		"Pods by what became of them: one each of those that asked, the number of the others.");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(labels, sizeof(labels), "state=\"%s\",", state_texts[pods[i].state]);
		if (pods[i].own)
			sample(out, "smc_cni_pods", labels, pods[i].namespace, pods[i].name, 1);
	}
	render_others(out, pods, n);
	metrics_head(out, "smc_cni_pod_info", "gauge",
		     "1 for each pod that asked, with its state and its way in.");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(labels, sizeof(labels), "state=\"%s\",way=\"%s\",",
			       state_texts[pods[i].state],
			       pods[i].state == METRICS_STEERED ? "ebpf" : "none");
		if (pods[i].own)
			sample(out, "smc_cni_pod_info", labels, pods[i].namespace, pods[i].name, 1);
	}
}

/* ---- counters ---- */

static uint64_t value_of(const struct stats *stats, const struct row *row)
{
	const char *base = (const char *)stats;
	uint64_t value, more = 0;

	memcpy(&value, base + row->at, sizeof(value));
	if (row->plus)
		memcpy(&more, base + row->plus, sizeof(more));
	return value + more;
}

static bool was_read(const struct metrics_pod *pod, enum needs of)
{
	if (!pod->own || !pod->stats)
		return false;
	switch (of) {
	case COUNTERS:
		return pod->stats->has_counters;
	case OFFERS:
		return pod->stats->has_offers;
	default:
		return pod->stats->has_smc;
	}
}

/* All rows of one name, pod after pod. Returns how many those are. */
static size_t render_rows(FILE *out, const struct row *first, size_t left,
			  const struct metrics_pod *pods, size_t n)
{
	size_t n_rows = 1;

	while (n_rows < left && !first[n_rows].name)
		n_rows++;
	metrics_head(out, first->name, "counter", first->help);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n_rows && was_read(&pods[i], first->of); k++)
			sample(out, first->name, first[k].labels, pods[i].namespace, pods[i].name,
			       value_of(pods[i].stats, &first[k]));
	}
	return n_rows;
}

static void render_fallbacks(FILE *out, const struct metrics_pod *pods, size_t n)
{
	const char *name = "smc_cni_fallback_total";
	struct tally_entry list[2 * SMC_FALLBACK_MAX];
	char labels[128];

	metrics_head(out, name, "counter", "Connections of SMC sockets that stayed TCP, and why.");
	for (size_t i = 0; i < n; i++) {
		int n_reasons = was_read(&pods[i], SMC) ? tally_list(&pods[i].stats->tally, list) :
							  0;

		for (int k = 0; k < n_reasons; k++) {
			(void)snprintf(labels, sizeof(labels), "role=\"%s\",reason=\"%s\",",
				       list[k].server ? "server" : "client", list[k].name);
			sample(out, name, labels, pods[i].namespace, pods[i].name, list[k].count);
		}
	}
}

void pod_metrics_render(FILE *out, const struct metrics_pod *pods, size_t n)
{
	render_states(out, pods, n);
	for (size_t i = 0; i < ARRAY_SIZE(rows);)
		i += render_rows(out, &rows[i], ARRAY_SIZE(rows) - i, pods, n);
	render_fallbacks(out, pods, n);
}
