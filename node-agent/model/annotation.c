/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/annotation.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/inet.h"
#include "common/names.h"
#include "common/nearest.h"
#include "node-agent/config/scalar.h"
#include "node-agent/parse/k8s_name.h"

#define LIST_ITEMS_MAX 256

static int parse_steer(const char *text, struct annotation_values *v)
{
	for (enum policy_steer s = POLICY_DISABLED; s <= POLICY_REQUIRED; s++) {
		if (strcmp(text, policy_steer_text(s)) == 0) {
			v->steer = s;
			return 0;
		}
	}
	return -EINVAL;
}

static int parse_pnet_id(const char *text, struct annotation_values *v)
{
	char *out = v->pnet_id;

	if (!smc_pnet_id_valid(text))
		return -EINVAL;
	for (; *text; text++)
		*out++ = (char)toupper((unsigned char)*text);
	*out = '\0';
	return 0;
}

static int parse_buffer(const char *text, struct annotation_values *v)
{
	return scalar_parse_buffer(text, &v->buffer_bytes);
}

static int parse_ulp(const char *text, struct annotation_values *v)
{
	return scalar_parse_ulp(text, &v->ulp);
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t");
	end = s + strlen(s);
	while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return s;
}

/* Comma-separated, blanks around items are fine, empty items are not. */
static int check_list(const char *text, bool (*valid)(char *item))
{
	auto_free char *copy = strdup(text);
	char *rest = copy;
	int n = 0;

	if (!copy)
		return -ENOMEM;
	while (rest) {
		char *item = trim(strsep(&rest, ","));

		if (++n > LIST_ITEMS_MAX || !valid(item))
			return -EINVAL;
	}
	return 0;
}

static bool container_valid(char *item)
{
	return k8s_name_label(item);
}

static bool port_parse(const char *text, long *ret)
{
	size_t len = strlen(text);

	if (len < 1 || len > 5 || strspn(text, "0123456789") != len)
		return false;
	*ret = strtol(text, NULL, 10);
	return *ret >= 1 && *ret <= 65535;
}

static bool ports_valid(char *text)
{
	char *dash = strchr(text, '-');
	long from, to;

	if (!dash)
		return port_parse(text, &from);
	*dash = '\0';
	return port_parse(text, &from) && port_parse(dash + 1, &to) && from <= to;
}

/* "10.0.0.0/8", "10.0.0.0/8:443", "fd00::/8", "[fd00::/8]:8000-8999" */
static bool peer_valid(char *item)
{
	char *cidr = item, *ports = NULL;
	struct inet_addr addr;
	bool bracketed = item[0] == '[';

	if (bracketed) {
		char *close = strchr(item, ']');

		if (!close || close[1] != ':')
			return false;
		*close = '\0';
		cidr = item + 1;
		ports = close + 2;
	} else {
		char *colon = strchr(item, ':');

		if (colon && !strchr(colon + 1, ':') && !strchr(colon, '/')) {
			*colon = '\0';
			ports = colon + 1;
		}
	}
	if (inet_parse_cidr(cidr, &addr, NULL) < 0 ||
	    bracketed != (ports && addr.family == AF_INET6))
		return false;
	if (addr.family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&addr.v6))
		return false; /* IPv4 is written as IPv4 */
	return !ports || ports_valid(ports);
}

static int parse_containers(const char *text, struct annotation_values *v)
{
	(void)v; /* checked only: see unenforced() in policy.c */
	return check_list(text, container_valid);
}

static int parse_peers(const char *text, struct annotation_values *v)
{
	(void)v;
	return check_list(text, peer_valid);
}

static const struct annotation {
	enum annotation_key bit;
	const char *key; /* behind NAMES_PREFIX */
	bool of_namespace; /* may stand on a Namespace too */
	int (*parse)(const char *text, struct annotation_values *v);
	const char *allowed;
} table[] = {
	{ ANNOTATION_STEER, "steer", true, parse_steer, "enabled, required, disabled" },
	{ ANNOTATION_CONTAINERS, "containers", false, parse_containers,
	  "container names, separated by commas" },
	{ ANNOTATION_PEERS, "peers", true, parse_peers,
	  "CIDRs, each optionally with :PORT or :FROM-TO, separated by commas, such as "
	  "10.0.0.0/8:443,[fd00::/8]:80-90" },
	{ ANNOTATION_PNET_ID, "pnet-id", false, parse_pnet_id, "1 to 16 letters and digits" },
	{ ANNOTATION_BUFFER_SIZE, "buffer-size", false, parse_buffer, SCALAR_BUFFER_ALLOWED },
	{ ANNOTATION_ULP, "ulp", true, parse_ulp, SCALAR_ULP_ALLOWED },
};

static const char *owner_text(enum annotation_owner owner)
{
	return owner == ANNOTATION_OF_POD ? "pod" : "namespace";
}

static int check_known(const char *full_key, enum annotation_owner owner, struct err *err)
{
	const char *key = full_key + strlen(NAMES_PREFIX);
	const char *known[ARRAY_SIZE(table)];
	char list[128] = "";
	size_t used = 0, n = 0;
	const char *near;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bool may_stand = owner == ANNOTATION_OF_POD || table[i].of_namespace;

		if (strcmp(key, table[i].key) == 0)
			return may_stand ? 0 :
					   err_set(err, -EINVAL,
						   "annotation '%s' of the namespace: allowed on "
						   "pods only",
						   full_key);
		if (!may_stand)
			continue;
		known[n] = table[i].key;
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", n ? ", " : "",
					 known[n]);
		n++;
	}
	near = nearest(key, known, n);
	if (near)
		return err_set(err, -EINVAL,
			       "unknown annotation '%.80s' of the %s, did you mean '" NAMES_PREFIX
			       "%s'?",
			       full_key, owner_text(owner), near);
	return err_set(err, -EINVAL,
		       "unknown annotation '%.80s' of the %s, allowed behind '%s': %s", full_key,
		       owner_text(owner), NAMES_PREFIX, list);
}

static int read_one(const struct annotation *a, const json_t *value, enum annotation_owner owner,
		    struct annotation_values *ret, struct err *err)
{
	const char *text = json_string_value(value);
	int rc = text ? a->parse(text, ret) : -EINVAL;

	if (rc == 0) {
		ret->set |= a->bit;
		return 0;
	}
	return err_set(err, rc,
		       "annotation '" NAMES_PREFIX "%s' of the %s: got '%.64s', allowed: %s",
		       a->key, owner_text(owner), text ? text : "(no string)", a->allowed);
}

int annotation_read(const json_t *annotations, enum annotation_owner owner, unsigned int ignore,
		    struct annotation_values *ret, struct err *err)
{
	struct err scratch, *first = err ? err : &scratch;
	const char *key;
	json_t *value;
	int rc = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char full[64];

		if (owner == ANNOTATION_OF_NAMESPACE && !table[i].of_namespace)
			continue;
		(void)snprintf(full, sizeof(full), NAMES_PREFIX "%s", table[i].key);
		value = json_object_get(annotations, full);
		if (!value || (ignore & table[i].bit))
			continue;
		if (read_one(&table[i], value, owner, ret, rc ? NULL : first) < 0)
			rc = -EINVAL;
	}
	if (rc < 0)
		return rc;
	/* jansson's iterators want a mutable object, and do not change it */
	json_object_foreach((json_t *)(uintptr_t)annotations, key, value) {
		if (strncmp(key, NAMES_PREFIX, strlen(NAMES_PREFIX)) == 0 &&
		    check_known(key, owner, first) < 0)
			return -EINVAL;
	}
	return 0;
}
