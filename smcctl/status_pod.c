/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "smcctl/get.h"
#include "smcctl/status_text.h"

#define LABEL "%-12s"

static void print_strings(const char *label, const json_t *list, FILE *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		(void)fprintf(out, LABEL "%s\n", i ? "" : label, json_string_value(item));
}

static void print_policy(const json_t *pod, FILE *out)
{
	time_t since = (time_t)get_int(pod, "since");
	char when[64] = "";
	struct tm tm;

	if (get(pod, "since") && localtime_r(&since, &tm))
		(void)strftime(when, sizeof(when), " since %Y-%m-%d %H:%M:%S", &tm);
	(void)fprintf(out, LABEL "%s (says the %s), %s%s\n", "Policy",
		      get_string(pod, "policy.steer"), get_string(pod, "policy.origin"),
		      get_bool(pod, "policy.in_force") ? "in force" : "not in force", when);
	(void)fprintf(out, LABEL "%s\n", "Why", get_string(pod, "policy.why"));
	if (get_int(pod, "listeners_before") > 0)
		(void)fprintf(out,
			      LABEL "%lld opened before that stay TCP until they are restarted\n",
			      "Listeners", get_int(pod, "listeners_before"));
	if (*get_string(pod, "missing"))
		(void)fprintf(out, LABEL "%s\n", "Missing", get_string(pod, "missing"));
}

static void print_sockets(const json_t *pod, FILE *out)
{
	const json_t *sockets = get(pod, "sockets");

	if (!sockets) {
		(void)fprintf(out, LABEL "the pod was never steered\n", "Sockets");
		return;
	}
	(void)fprintf(out,
		      LABEL "%lld steered, %lld missed (io_uring, Landlock, bounds, SMC not "
			    "registered)\n",
		      "Sockets", get_int(sockets, "steered"), get_int(sockets, "unsteered"));
	if (get_int(sockets, "target_missing") > 0)
		(void)fprintf(out, LABEL "SMC was not registered in the kernel %lld times\n", "",
			      get_int(sockets, "target_missing"));
	if (get_int(sockets, "landlocked") > 0)
		(void)fprintf(out, LABEL "%lld of programs that confine themselves (Landlock)\n",
			      "", get_int(sockets, "landlocked"));
	if (get_int(sockets, "bounded") > 0)
		(void)fprintf(out,
			      LABEL "%lld while too many connects waited for an answer: a dead "
				    "address?\n",
			      "", get_int(sockets, "bounded"));
}

static void print_offers(const json_t *offers, FILE *out)
{
	if (offers)
		(void)fprintf(out,
			      LABEL
			      "%lld kept, %lld taken back (not in 'peers', unproven path, or the "
			      "switch)\n",
			      "Offers", get_int(offers, "kept"), get_int(offers, "blanked"));
}

static void print_transport(const char *label, const json_t *t, FILE *out)
{
	if (t)
		(void)fprintf(out,
			      LABEL "%lld connections as client, %lld as server; %lld bytes sent, "
				    "%lld received\n",
			      label, get_int(t, "client"), get_int(t, "server"),
			      get_int(t, "tx_bytes"), get_int(t, "rx_bytes"));
}

static void print_fallbacks(const json_t *list, FILE *out)
{
	const json_t *r;
	size_t i;

	if (json_array_size(list) == 0)
		(void)fprintf(out, LABEL "none\n", "Fallbacks");
	json_array_foreach(list, i, r) {
		(void)fprintf(out, LABEL "%lld as %s: %s: %s\n", i ? "" : "Fallbacks",
			      get_int(r, "count"), get_string(r, "role"), get_string(r, "name"),
			      get_string(r, "text"));
		if (*get_string(r, "advice"))
			(void)fprintf(out, LABEL "  do: %s\n", "", get_string(r, "advice"));
	}
}

static void print_containers(const json_t *list, FILE *out)
{
	const json_t *c;
	size_t i;

	json_array_foreach(list, i, c) {
		const char *why = get_string(c, "why");

		(void)fprintf(out, LABEL "%s: %s%s\n", i ? "" : "Containers", get_string(c, "name"),
			      get_bool(c, "steered") ? "steered" : "TCP, ", why);
	}
	if (list)
		(void)fprintf(out, LABEL "all others are TCP\n", "");
}

void status_text_print_pod(const json_t *pod, FILE *out)
{
	const char *uid = get_string(pod, "uid"), *no_stats = get_string(pod, "stats_why");

	(void)fprintf(out, LABEL "%s/%s%s%s\n", "Pod", get_string(pod, "namespace"),
		      get_string(pod, "name"), *uid ? ", uid " : "", uid);
	(void)fprintf(out, LABEL "%s of network %s, container %s\n", "Interface",
		      get_string(pod, "attachment.ifname"), get_string(pod, "attachment.network"),
		      get_string(pod, "attachment.containerID"));
	print_strings("Addresses", get(pod, "ips"), out);
	print_policy(pod, out);
	print_sockets(pod, out);
	print_offers(get(pod, "offers"), out);
	if (*no_stats) {
		(void)fprintf(out, LABEL "not known: %s\n", "SMC", no_stats);
	} else {
		print_transport("SMC-R", get(pod, "smcr"), out);
		print_transport("SMC-D", get(pod, "smcd"), out);
		print_fallbacks(get(pod, "fallback"), out);
		(void)fprintf(out, LABEL "%lld failed\n", "Handshakes",
			      get_int(pod, "handshake_errors"));
	}
	print_containers(get(pod, "containers"), out);
	if (get(pod, "containers"))
		;
	else if (!strcmp(get_string(pod, "gate.by"), "netns"))
		(void)fprintf(out,
			      LABEL "everybody in the pod's network namespace is steered: %s\n",
			      "Gate", get_string(pod, "gate.why"));
	else if (!strcmp(get_string(pod, "gate.by"), "cgroup"))
		(void)fprintf(out, LABEL "the pod's own processes are steered, nobody else\n",
			      "Gate");
	if (get_bool(pod, "programs.ok"))
		(void)fprintf(out, LABEL "programs attached\n", "Cgroup");
	else
		(void)fprintf(out, LABEL "no programs: %s\n", "Cgroup",
			      get_string(pod, "programs.why"));
}
