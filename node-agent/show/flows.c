/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/flows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/inet.h"
#include "common/smc_fallback.h"
#include "common/wire.h"

/* ---- who a namespace and an address is ---- */

struct owner {
	uint64_t cookie;
	uint8_t address[16]; /* as struct flow_key has it */
	const struct attach *a;
};

struct names {
	struct owner *by_cookie, *by_address;
	size_t n_cookies, n_addresses;
};

static int compare_cookies(const void *pa, const void *pb)
{
	const struct owner *a = pa, *b = pb;

	return a->cookie < b->cookie ? -1 : a->cookie > b->cookie;
}

static int compare_addresses(const void *pa, const void *pb)
{
	const struct owner *a = pa, *b = pb;

	return memcmp(a->address, b->address, sizeof(a->address));
}

static size_t count_addresses(const struct record *rec)
{
	size_t n = 0;

	for (int i = 0; i < rec->req.n_interfaces; i++)
		n += (size_t)rec->req.interfaces[i].n_ips;
	return n;
}

static void add_owner(struct names *names, const struct attach *a)
{
	const struct wire_prepare *req = &a->rec->req;

	names->by_cookie[names->n_cookies++] =
		(struct owner){ .cookie = a->rec->netns.cookie, .a = a };
	for (int i = 0; i < req->n_interfaces; i++) {
		for (int k = 0; k < req->interfaces[i].n_ips; k++) {
			struct owner *o = &names->by_address[names->n_addresses++];

			*o = (struct owner){ .a = a };
			inet_as_v6(&req->interfaces[i].ips[k], o->address);
		}
	}
}

static bool is_shown(const struct attach *a)
{
	return a->rec->phase == RECORD_COMMITTED;
}

/* False: no memory. */
static bool names_make(struct names *ret, const struct attach_table *t)
{
	size_t n_addresses = 1;

	for (const struct attach *a = t->first; a; a = a->next)
		n_addresses += count_addresses(a->rec);
	*ret = (struct names){
		.by_cookie = calloc((size_t)t->n + 1, sizeof(*ret->by_cookie)),
		.by_address = calloc(n_addresses, sizeof(*ret->by_address)),
	};
	if (!ret->by_cookie || !ret->by_address)
		return false;
	for (const struct attach *a = t->first; a; a = a->next) {
		if (is_shown(a))
			add_owner(ret, a);
	}
	qsort(ret->by_cookie, ret->n_cookies, sizeof(*ret->by_cookie), compare_cookies);
	qsort(ret->by_address, ret->n_addresses, sizeof(*ret->by_address), compare_addresses);
	return true;
}

static void names_clear(struct names *names)
{
	free(names->by_cookie);
	free(names->by_address);
}

static const struct attach *pod_of(const struct names *names, uint64_t cookie)
{
	const struct owner key = { .cookie = cookie };
	const struct owner *o =
		bsearch(&key, names->by_cookie, names->n_cookies, sizeof(key), compare_cookies);

	return o ? o->a : NULL;
}

/* NULL: it is none of this node's pods. */
static const struct attach *peer_of(const struct names *names, const uint8_t address[16])
{
	const struct owner *o;
	struct owner key = { .cookie = 0 };

	memcpy(key.address, address, sizeof(key.address));
	o = bsearch(&key, names->by_address, names->n_addresses, sizeof(key), compare_addresses);
	return o ? o->a : NULL;
}

/* ---- one peer ---- */

/* What the kernel tells apart, we show as one: the ways and reasons of a pod, a role, a peer and a
 * port. They lie together, each reason once for each diagnosis. */
static int compare_peers(const struct flow_key *a, const struct flow_key *b)
{
	int d = memcmp(a->address, b->address, sizeof(a->address));

	if (a->cookie != b->cookie)
		return a->cookie < b->cookie ? -1 : 1;
	if (a->server != b->server)
		return a->server ? 1 : -1;
	if (a->port != b->port)
		return a->port < b->port ? -1 : 1;
	return d;
}

/* Of one peer the most frequent first. */
static int compare(const void *pa, const void *pb)
{
	const struct flow_entry *a = pa, *b = pb;
	int d = compare_peers(&a->key, &b->key);

	if (d == 0 && a->value.n != b->value.n)
		d = a->value.n > b->value.n ? -1 : 1;
	return d;
}

static const uint8_t no_address[16];

static json_t *peer(const struct names *names, const struct flow_key *key)
{
	const struct attach *a = peer_of(names, key->address);
	struct inet_addr addr;
	char text[INET_TEXT_MAX] = "", name[2 * WIRE_NAME_MAX] = "";

	inet_from_v6(key->address, 128, &addr);
	if (memcmp(key->address, no_address, sizeof(no_address)) != 0)
		(void)inet_format_addr(&addr, text);
	if (a)
		(void)attach_name(a, name, sizeof(name));
	return json_pack("{s:s, s:o}", "address", text, "pod", wire_text(name));
}

static json_t *reason(const struct flow_entry *e)
{
	const char *said = e->key.diagnosis ? smc_fallback_reason(e->key.diagnosis)->name : "";

	return json_pack("{s:s, s:s, s:I}", "name", smc_fallback_reason(e->key.reason)->name,
			 "peer_says", said, "count", (json_int_t)e->value.n);
}

/* Seconds since 1970. */
static json_int_t time_of(uint64_t boot_ns)
{
	int64_t ago = (int64_t)(clock_boot_ns() - boot_ns);
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec - ago) / 1000000000;
}

static json_t *flow_message(const struct names *names, const struct attach *a,
			    const struct flow_entry *of_peer, int n)
{
	json_int_t counts[] = { [FLOW_TCP] = 0, [FLOW_SMCR] = 0, [FLOW_SMCD] = 0 };
	const struct wire_pod *pod = &a->rec->req.pod;
	json_t *reasons = json_array(), *msg = wire_ok(), *flow;
	uint64_t last_ns = 0;

	for (int i = 0; i < n; i++) {
		const struct flow_entry *e = &of_peer[i];

		if (e->key.kind < ARRAY_SIZE(counts))
			counts[e->key.kind] += (json_int_t)e->value.n;
		if (e->key.kind == FLOW_TCP)
			(void)json_array_append_new(reasons, reason(e));
		if (e->value.last_ns > last_ns)
			last_ns = e->value.last_ns;
	}
	flow = json_pack("{s:o, s:o, s:s, s:o, s:i, s:I, s:I, s:I, s:I, s:o}", "namespace",
			 wire_text(pod->namespace), "name", wire_text(pod->name), "role",
			 of_peer->key.server ? "server" : "client", "peer",
			 peer(names, &of_peer->key), "port", (int)of_peer->key.port, "smcr",
			 counts[FLOW_SMCR], "smcd", counts[FLOW_SMCD], "tcp", counts[FLOW_TCP],
			 "last", time_of(last_ns), "reasons", reasons);
	(void)json_object_set_new(msg, "flow", flow);
	return msg;
}

void flows_each(const struct agent *agent, struct flow_entry *all, int n, flows_fn *fn, void *arg)
{
	struct names names;
	int end;

	if (!names_make(&names, &agent->table)) {
		fn(arg, NULL);
		names_clear(&names);
		return;
	}
	if (n > 0)
		qsort(all, (size_t)n, sizeof(*all), compare);
	for (int i = 0; i < n; i = end) {
		const struct attach *a = pod_of(&names, all[i].key.cookie);

		for (end = i + 1; end < n; end++) {
			if (compare_peers(&all[i].key, &all[end].key) != 0)
				break;
		}
		if (a)
			fn(arg, flow_message(&names, a, &all[i], end - i));
	}
	names_clear(&names);
}
