/* SPDX-License-Identifier: Apache-2.0 */
/* What hostnet changed for all pods together: the list, and its form in the state folder.
 *
 * {"table": 47910, "rules": 15, "dummy": true, "clsact": true, "redirects": ["10.244.0.1"],
 *  "covers": [{"ifname": "eth0", "prefix": "10.244.0.0/16"}],
 *  "pnets": [{"id": "NET0", "device": "rxe0", "port": 1}]}
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/rule.h"
#include "node-agent/hostnet/impl.h"

#define WHERE "hostnet"

struct hostnet_undo *hostnet_undo_new(void)
{
	return calloc(1, sizeof(struct hostnet_undo));
}

void hostnet_undo_free(struct hostnet_undo *u)
{
	if (!u)
		return;
	free(u->redirects);
	free(u->covers);
	free(u->pnets);
	free(u);
}

static void cleanup_undo(struct hostnet_undo **u)
{
	hostnet_undo_free(*u);
}

/* Makes room for one more; the new array, or NULL. */
static void *grow(void *array, int n, size_t size, struct err *err)
{
	void *more = reallocarray(array, (size_t)n + 1, size);

	if (!more)
		(void)err_sys(err, ENOMEM, "remember what to undo");
	return more;
}

int hostnet_undo_add_redirect(struct hostnet_undo *u, struct in_addr dst, struct err *err)
{
	struct in_addr *more;

	for (int i = 0; i < u->n_redirects; i++)
		if (u->redirects[i].s_addr == dst.s_addr)
			return 0;
	more = grow(u->redirects, u->n_redirects, sizeof(*more), err);
	if (!more)
		return -ENOMEM;
	u->redirects = more;
	more[u->n_redirects++] = dst;
	return 0;
}

int hostnet_undo_add_cover(struct hostnet_undo *u, const char *ifname,
			   const struct inet_addr *prefix, struct err *err)
{
	struct hostnet_cover *more;

	for (int i = 0; i < u->n_covers; i++)
		if (strcmp(u->covers[i].ifname, ifname) == 0 &&
		    inet_equal(&u->covers[i].prefix, prefix))
			return 0;
	more = grow(u->covers, u->n_covers, sizeof(*more), err);
	if (!more)
		return -ENOMEM;
	u->covers = more;
	more += u->n_covers++;
	*more = (struct hostnet_cover){ .prefix = *prefix };
	(void)snprintf(more->ifname, sizeof(more->ifname), "%s", ifname);
	return 0;
}

int hostnet_undo_add_pnet(struct hostnet_undo *u, const struct smc_pnet *entry, struct err *err)
{
	struct smc_pnet *more;

	for (int i = 0; i < u->n_pnets; i++)
		if (strcmp(u->pnets[i].ibname, entry->ibname) == 0 &&
		    u->pnets[i].ibport == entry->ibport && strcmp(u->pnets[i].id, entry->id) == 0)
			return 0;
	more = grow(u->pnets, u->n_pnets, sizeof(*more), err);
	if (!more)
		return -ENOMEM;
	u->pnets = more;
	more[u->n_pnets++] = *entry;
	return 0;
}

/* ---- JSON ---- */

json_t *hostnet_undo_to_json(const struct hostnet_undo *u)
{
	json_t *redirects = json_array(), *covers = json_array(), *pnets = json_array();
	char text[INET_TEXT_MAX];

	for (int i = 0; i < u->n_redirects; i++)
		(void)json_array_append_new(
			redirects,
			json_string(inet_ntop(AF_INET, &u->redirects[i], text, sizeof(text))));
	for (int i = 0; i < u->n_covers; i++)
		(void)json_array_append_new(
			covers, json_pack("{s:s, s:s}", "ifname", u->covers[i].ifname, "prefix",
					  inet_format(&u->covers[i].prefix, text)));
	for (int i = 0; i < u->n_pnets; i++)
		(void)json_array_append_new(
			pnets, json_pack("{s:s, s:s, s:i}", "id", u->pnets[i].id, "device",
					 u->pnets[i].ibname, "port", (int)u->pnets[i].ibport));
	return json_pack("{s:I, s:i, s:b, s:b, s:o, s:o, s:o}", "table", (json_int_t)u->table,
			 "rules", (int)u->rules, "dummy", u->dummy, "clsact", u->clsact,
			 "redirects", redirects, "covers", covers, "pnets", pnets);
}

static int take_redirect(const json_t *item, struct hostnet_undo *u, struct err *err)
{
	struct in_addr dst;

	if (!json_is_string(item) || inet_pton(AF_INET, json_string_value(item), &dst) != 1)
		return err_set(err, -EINVAL, WHERE ": 'redirects' must hold IPv4 addresses");
	return hostnet_undo_add_redirect(u, dst, err);
}

static int take_cover(const json_t *item, struct hostnet_undo *u, struct err *err)
{
	const char *ifname, *text;
	struct inet_addr prefix;
	int r;

	if (!json_is_object(item))
		return err_set(err, -EINVAL, WHERE ": 'covers' must hold objects");
	if (smc_json_need_string(item, WHERE ".covers", "ifname", &ifname, err) < 0 ||
	    smc_json_need_string(item, WHERE ".covers", "prefix", &text, err) < 0)
		return -EINVAL;
	r = inet_parse_cidr(text, &prefix, err);
	if (r < 0)
		return err_prefix(err, r, WHERE ".covers");
	if (strlen(ifname) >= IFNAMSIZ)
		return err_set(err, -EINVAL, WHERE ".covers: 'ifname' '%s' is too long", ifname);
	return hostnet_undo_add_cover(u, ifname, &prefix, err);
}

static int take_pnet(const json_t *item, struct hostnet_undo *u, struct err *err)
{
	struct smc_pnet entry = { .ethname = "" };
	const char *id, *device;
	int64_t port = 0;

	if (!json_is_object(item))
		return err_set(err, -EINVAL, WHERE ": 'pnets' must hold objects");
	if (smc_json_need_string(item, WHERE ".pnets", "id", &id, err) < 0 ||
	    smc_json_need_string(item, WHERE ".pnets", "device", &device, err) < 0 ||
	    smc_json_get_int(item, WHERE ".pnets", "port", 1, UINT8_MAX, &port, err) < 0)
		return -EINVAL;
	if (!smc_pnet_id_valid(id) || strlen(device) >= sizeof(entry.ibname) || port == 0)
		return err_set(err, -EINVAL,
			       WHERE ".pnets: '%s' -> '%s' is no entry of an RDMA port", device,
			       id);
	(void)snprintf(entry.id, sizeof(entry.id), "%s", id);
	(void)snprintf(entry.ibname, sizeof(entry.ibname), "%s", device);
	entry.ibport = (uint8_t)port;
	return hostnet_undo_add_pnet(u, &entry, err);
}

static int take_array(const json_t *obj, const char *key,
		      int (*take)(const json_t *item, struct hostnet_undo *u, struct err *err),
		      struct hostnet_undo *u, struct err *err)
{
	json_t *array = NULL, *item;
	size_t i;
	int r = smc_json_get_array(obj, WHERE, key, &array, err);

	if (r < 0)
		return r;
	json_array_foreach(array, i, item) {
		r = take(item, u, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int hostnet_undo_from_json(const json_t *obj, struct hostnet_undo **ret, struct err *err)
{
	auto_with(cleanup_undo) struct hostnet_undo *u = hostnet_undo_new();
	int64_t table = 0, rules = 0;

	if (!u)
		return err_sys(err, ENOMEM, "read what to undo");
	if (smc_json_get_int(obj, WHERE, "table", 0, UINT32_MAX, &table, err) < 0 ||
	    smc_json_get_int(obj, WHERE, "rules", 0, RULE_ALL, &rules, err) < 0 ||
	    smc_json_get_bool(obj, WHERE, "dummy", &u->dummy, err) < 0 ||
	    smc_json_get_bool(obj, WHERE, "clsact", &u->clsact, err) < 0 ||
	    take_array(obj, "redirects", take_redirect, u, err) < 0 ||
	    take_array(obj, "covers", take_cover, u, err) < 0 ||
	    take_array(obj, "pnets", take_pnet, u, err) < 0)
		return -EINVAL;
	u->table = (uint32_t)table;
	u->rules = (uint32_t)rules;
	*ret = TAKE_PTR(u);
	return 0;
}
