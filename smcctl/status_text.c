/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/status_text.h"

#include <stdbool.h>
#include <string.h>

#include "common/cleanup.h"
#include "smcctl/get.h"
#include "smcctl/reasons.h"
#include "common/table.h"

/* Room that a sentence needs beside the other columns; with less the sentences get a table of
 * their own. */
#define WHY_MIN 32

static void table_cleanup(struct table **t)
{
	table_free(*t);
}
#define auto_table __attribute__((cleanup(table_cleanup)))

/* ---- the node ---- */

static void print_trouble(FILE *out, const char *label, const json_t *node, const char *key)
{
	const json_t *fact = get(node, key);

	if (fact && !get_bool(fact, "ok"))
		(void)fprintf(out, "%-9s%s\n", label, get_string(fact, "why"));
}

static void print_fact(FILE *out, const char *label, const json_t *node, const char *key)
{
	const json_t *fact = get(node, key);

	if (!fact)
		return;
	if (get_bool(fact, "ok"))
		(void)fprintf(out, "%-9syes\n", label);
	else
		(void)fprintf(out, "%-9sno: %s\n", label, get_string(fact, "why"));
}

/* "A, B" or "none" */
static void print_strings(FILE *out, const json_t *list)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) == 0)
		(void)fputs("none", out);
	json_array_foreach(list, i, item)
		(void)fprintf(out, "%s%s", i ? ", " : "", json_string_value(item));
}

static void print_devices(FILE *out, const json_t *node)
{
	const json_t *list = get(node, "devices.rdma"), *port;
	size_t i;

	(void)fprintf(out, "%-9sSMC knows %lld for SMC-R, %lld for SMC-D\n", "Devices",
		      get_int(node, "devices.smcr"), get_int(node, "devices.smcd"));
	json_array_foreach(list, i, port) {
		const char *netdev = get_string(port, "netdev"), *pnet = get_string(port, "pnet");

		(void)fprintf(out, "%-9s%s port %lld%s%s, %s, %s%s\n", "", get_string(port, "name"),
			      get_int(port, "port"), *netdev ? " on " : "", netdev,
			      get_string(port, "state"), *pnet ? "pnet " : "in no pnet", pnet);
	}
}

static long long count_state(const json_t *paths, const char *state)
{
	const json_t *path;
	long long n = 0;
	size_t i;

	json_array_foreach(paths, i, path) {
		n += strcmp(get_string(path, "state"), state) == 0;
	}
	return n;
}

/* A node that has talked SMC-R to nobody has no such line. */
static void print_paths(FILE *out, const json_t *paths)
{
	const json_t *path;
	size_t i;

	if (!json_array_size(paths))
		return;
	(void)fprintf(out, "%-9s%lld proven, %lld unproven, %lld closed\n", "Paths",
		      count_state(paths, "proven"),
		      count_state(paths, "unproven") + count_state(paths, "trying"),
		      count_state(paths, "closed"));
	json_array_foreach(paths, i, path) {
		if (!strcmp(get_string(path, "state"), "closed"))
			(void)fprintf(out, "%-9sfrom %s: no SMC-R for %lld s more: %s\n", "",
				      get_string(path, "peer"), get_int(path, "closed_s"),
				      get_string(path, "why"));
	}
}

static void print_runtime(FILE *out, const json_t *node)
{
	if (!get_bool(node, "nri.ok"))
		print_fact(out, "NRI", node, "nri");
	else
		(void)fprintf(out, "%-9s%s %s tells of %lld containers\n", "NRI",
			      get_string(node, "runtime.name"), get_string(node, "runtime.version"),
			      get_int(node, "runtime.containers"));
}

static void print_node(FILE *out, const json_t *node)
{
	const char *why = get_string(node, "why"), *from = get_string(node, "source.from");

	(void)fprintf(out, "%-9s%s (kernel %s, agent %s)\n", "Node", get_string(node, "name"),
		      get_string(node, "kernel"), get_string(node, "agent"));
	(void)fprintf(out, "%-9s%s%s%s\n", "Ready", get_bool(node, "ready") ? "yes" : "NO",
		      *why ? ": " : "", why);
	print_fact(out, "SMC", node, "smc");
	print_fact(out, "Hook", node, "hook");
	print_trouble(out, "Offers", node, "offer");
	print_trouble(out, "Flows", node, "flows");
	if (get_bool(node, "paused"))
		(void)fprintf(out, "%-9snone: the switch smc-cni.io/pause is on\n", "Offers");
	(void)fprintf(out, "%-9s", "UEID");
	print_strings(out, get(node, "ueids"));
	(void)fputc('\n', out);
	/* Most nodes have none: no word when it is well. */
	print_trouble(out, "SELinux", node, "selinux");
	print_trouble(out, "Plugin", node, "plugin");
	print_devices(out, node);
	print_fact(out, "SMC-R", node, "host");
	print_paths(out, get(node, "paths"));
	print_fact(out, "Cgroups", node, "cgroup");
	print_runtime(out, node);
	(void)fprintf(out, "%-9s%s%s%s%s\n", "Pods", "from ", get_string(node, "source.kind"),
		      *from ? " " : "", from);
	if (!get_bool(node, "source.synced"))
		(void)fprintf(out, "%-9snot read yet\n", "");
}

/* ---- the pods ---- */

static long long connections(const json_t *pod, const char *transport)
{
	const json_t *t = get(pod, transport);

	return get_int(t, "client") + get_int(t, "server");
}

static long long fallbacks(const json_t *pod)
{
	const json_t *reason;
	long long sum = 0;
	size_t i;

	json_array_foreach(get(pod, "fallback"), i, reason)
		sum += get_int(reason, "count");
	return sum;
}

/* What the pod's connections have used so far. */
static const char *transport(const json_t *pod)
{
	bool smcr = connections(pod, "smcr") > 0, smcd = connections(pod, "smcd") > 0;

	if (smcr || smcd)
		return smcr && smcd ? "both" : smcr ? "SMC-R" : "SMC-D";
	if (!get_bool(pod, "policy.in_force") || fallbacks(pod) > 0)
		return "TCP";
	return get(pod, "smcr") ? "-" : "?"; /* no connection yet; not known */
}

/* "-" where the agent has no number. */
static void add_number(struct table *t, const json_t *known, long long number)
{
	if (known)
		table_add(t, "%lld", number);
	else
		table_add(t, "-");
}

static void add_pod(struct table *t, const json_t *pod)
{
	const json_t *smcr = get(pod, "smcr"), *smcd = get(pod, "smcd");
	const json_t *sockets = get(pod, "sockets");

	table_add(t, "%s/%s", get_string(pod, "namespace"), get_string(pod, "name"));
	table_add(t, "%s",
		  get_bool(pod, "policy.invalid") ? "invalid" : get_string(pod, "policy.steer"));
	table_add(t, "%s", transport(pod));
	add_number(t, sockets, get_int(sockets, "steered"));
	add_number(t, sockets, get_int(sockets, "unsteered"));
	add_number(t, smcr, connections(pod, "smcr"));
	add_number(t, smcd, connections(pod, "smcd"));
	add_number(t, get(pod, "fallback"), fallbacks(pod));
}

static const struct table_column columns[] = {
	{ "NAMESPACE/POD", false }, { "POLICY", false },  { "USES", false },
	{ "STEERED", true },	    { "MISSED", true },	  { "SMC-R", true },
	{ "SMC-D", true },	    { "FALLBACK", true }, { "WHY", false },
};
enum { N_NUMBERS = ARRAY_SIZE(columns) - 1 }; /* all but WHY */

static int print_one_table(const json_t *pods, int width, FILE *out)
{
	auto_table struct table *t = table_new(columns, ARRAY_SIZE(columns));
	char why[REASONS_MAX];
	const json_t *pod;
	size_t i;

	json_array_foreach(pods, i, pod) {
		add_pod(t, pod);
		table_add(t, "%s", reasons_of(pod, why));
	}
	return table_print(t, width, out);
}

/* The numbers of each pod, then each reason once. */
static int print_two_tables(const json_t *pods, int width, FILE *out)
{
	auto_table struct table *numbers = table_new(columns, N_NUMBERS);
	const json_t *pod;
	size_t i;
	int rc;

	json_array_foreach(pods, i, pod) {
		add_pod(numbers, pod);
	}
	rc = table_print(numbers, width, out);
	if (rc < 0)
		return rc;
	(void)fputc('\n', out);
	return reasons_print(pods, width, out);
}

/* The columns before WHY, as wide as these pods make them. */
static int width_of_numbers(const json_t *pods)
{
	int name = (int)strlen(columns[0].title), width = 0;
	const json_t *pod;
	size_t i;

	json_array_foreach(pods, i, pod) {
		int len = (int)(strlen(get_string(pod, "namespace")) +
				strlen(get_string(pod, "name")) + 1);

		name = len > name ? len : name;
	}
	for (size_t c = 1; c < N_NUMBERS; c++)
		width += (int)strlen(columns[c].title) + 2;
	return name + 2 + width;
}

int status_text_print(const json_t *status, int width, FILE *out)
{
	const json_t *pods = get(status, "pods");

	print_node(out, get(status, "node"));
	(void)fputc('\n', out);
	if (json_array_size(pods) == 0) {
		(void)fprintf(out,
			      "No pod with an interface of this node is known to the agent.\n");
		return 0;
	}
	if (width > 0 && width - width_of_numbers(pods) < WHY_MIN)
		return print_two_tables(pods, width, out);
	return print_one_table(pods, width, out);
}
