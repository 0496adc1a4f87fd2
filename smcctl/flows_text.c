/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/flows_text.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/smc_fallback.h"
#include "smcctl/get.h"
#include "common/table.h"

#define WHY_MAX 256

static void table_cleanup(struct table **t)
{
	table_free(*t);
}

/* ---- one peer ---- */

static const char *peer_of(const json_t *flow)
{
	const char *pod = get_string(flow, "peer.pod"), *address = get_string(flow, "peer.address");

	if (*pod || *address)
		return *pod ? pod : address;
	return strcmp(get_string(flow, "role"), "server") ? "not connected" : "plain TCP clients";
}

static const char *age(time_t now, time_t then, char buf[32])
{
	static const struct {
		long seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	long ago = now > then ? (long)(now - then) : 0;
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(units) && ago < units[i].seconds)
		i++;
	(void)snprintf(buf, 32, "%ld%c", ago / units[i].seconds, units[i].unit);
	return buf;
}

/* "confirm-link-timeout 3, peer-declined (no-device)": with numbers where there are several. */
static const char *why(const json_t *flow, char buf[WHY_MAX])
{
	const json_t *reasons = get(flow, "reasons"), *one;
	size_t i, used = 0;

	buf[0] = '\0';
	json_array_foreach(reasons, i, one) {
		const char *says = get_string(one, "peer_says");
		char count[24] = "";
		int n;

		if (json_array_size(reasons) > 1)
			(void)snprintf(count, sizeof(count), " %lld", get_int(one, "count"));
		n = snprintf(buf + used, WHY_MAX - used, "%s%s%s%s%s%s", i ? ", " : "",
			     get_string(one, "name"), *says ? " (" : "", says, *says ? ")" : "",
			     count);
		if (n < 0 || (size_t)n >= WHY_MAX - used)
			break;
		used += (size_t)n;
	}
	return buf;
}

static void add_flow(struct table *t, const json_t *flow, time_t now)
{
	char ago[32], reasons[WHY_MAX];
	long long port = get_int(flow, "port");

	table_add(t, "%s/%s", get_string(flow, "namespace"), get_string(flow, "name"));
	table_add(t, "%s", get_string(flow, "role"));
	table_add(t, "%s", peer_of(flow));
	if (port)
		table_add(t, "%lld", port);
	else
		table_add(t, "-");
	table_add(t, "%lld", get_int(flow, "smcr"));
	table_add(t, "%lld", get_int(flow, "smcd"));
	table_add(t, "%lld", get_int(flow, "tcp"));
	table_add(t, "%s", age(now, (time_t)get_int(flow, "last"), ago));
	table_add(t, "%s", why(flow, reasons));
}

/* ---- what the reasons mean ---- */

typedef void reason_fn(void *arg, const struct smc_fallback_reason *reason);

static void each_reason(const json_t *flow, reason_fn *fn, void *arg)
{
	static const char *const keys[] = { "name", "peer_says" };
	const json_t *one;
	size_t i;

	json_array_foreach(get(flow, "reasons"), i, one) {
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			const char *name = get_string(one, keys[k]);

			if (*name)
				fn(arg, smc_fallback_named(name));
		}
	}
}

struct meanings {
	const struct smc_fallback_reason *told[64];
	size_t n;
	FILE *out;
};

static void tell_once(void *arg, const struct smc_fallback_reason *reason)
{
	struct meanings *m = arg;

	for (size_t i = 0; i < m->n; i++) {
		if (m->told[i] == reason)
			return;
	}
	if (m->n == ARRAY_SIZE(m->told))
		return;
	(void)fprintf(m->out, "%s%s: %s\n", m->n ? "" : "\n", reason->name, reason->text);
	if (reason->advice)
		(void)fprintf(m->out, "    do: %s\n", reason->advice);
	m->told[m->n++] = reason;
}

static void see_advice(void *arg, const struct smc_fallback_reason *reason)
{
	*(bool *)arg |= reason->advice != NULL;
}

bool flows_text_is_problem(const json_t *flow)
{
	bool has_advice = false;

	each_reason(flow, see_advice, &has_advice);
	return has_advice;
}

int flows_text_print(const json_t *flows, int width, time_t now, FILE *out)
{
	static const struct table_column columns[] = {
		{ "NAMESPACE/POD", false }, { "ROLE", false }, { "PEER", false }, { "PORT", true },
		{ "SMC-R", true },	    { "SMC-D", true }, { "TCP", true },	  { "LAST", true },
		{ "WHY TCP", false },
	};
	auto_with(table_cleanup) struct table *t = table_new(columns, ARRAY_SIZE(columns));
	struct meanings meanings = { .out = out };
	const json_t *flow;
	size_t i;
	int rc;

	json_array_foreach(flows, i, flow)
		add_flow(t, flow, now);
	rc = table_print(t, width, out);
	if (rc < 0)
		return rc;
	json_array_foreach(flows, i, flow)
		each_reason(flow, tell_once, &meanings);
	return 0;
}
