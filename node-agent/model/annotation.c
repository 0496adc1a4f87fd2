/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/annotation.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/names.h"
#include "common/nearest.h"
#include "node-agent/config/scalar.h"
#include "node-agent/model/list.h"
#include "node-agent/model/peers.h"
#include "node-agent/parse/k8s_name.h"

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

static int check_container(void *arg, const char *item)
{
	(void)arg;
	return k8s_name_label(item) ? 0 : -EINVAL;
}

static int parse_containers(const char *text, struct annotation_values *v)
{
	int rc = list_each(text, check_container, NULL);

	if (rc == 0)
		v->containers = text;
	return rc;
}

static int parse_peers(const char *text, struct annotation_values *v)
{
	int rc = peers_text_check(text);

	if (rc == 0)
		v->peers = text;
	return rc;
}

/* "0" to "100", as people write it. */
static int parse_percent(const char *text, struct annotation_values *v)
{
	size_t len = strlen(text);
	int percent = 0;

	if (len < 1 || len > 3 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (; *text; text++)
		percent = 10 * percent + (*text - '0');
	if (percent > 100)
		return -EINVAL;
	v->percent = percent;
	return 0;
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
	  "CIDRs or the words node, cluster, private, any, each optionally with :PORT or :FROM-TO, "
	  "separated by commas, such as 10.0.0.0/8:443,[fd00::/8]:80-90" },
	{ ANNOTATION_PNET_ID, "pnet-id", false, parse_pnet_id, "1 to 16 letters and digits" },
	{ ANNOTATION_BUFFER_SIZE, "buffer-size", false, parse_buffer, SCALAR_BUFFER_ALLOWED },
	{ ANNOTATION_ULP, "ulp", true, parse_ulp, SCALAR_ULP_ALLOWED },
	{ ANNOTATION_PERCENT, "percent", true, parse_percent, "0 to 100" },
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

	/* The switch is for all pods of the cluster, and nothing to these: see pause.h. */
	if (owner == ANNOTATION_OF_NAMESPACE && strcmp(key, "pause") == 0)
		return 0;
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

/* The label of a namespace, kept among its annotations. */
static int read_steer_label(const json_t *annotations, struct annotation_values *ret,
			    struct err *err)
{
	const char *text = json_string_value(json_object_get(annotations, ANNOTATIONS_STEER_LABEL));
	struct annotation_values label = { 0 };
	enum policy_steer said = ret->steer;

	if (!text)
		return 0;
	if (parse_steer(text, &label) < 0)
		return err_set(err, -EINVAL,
			       "label '" NAMES_PREFIX "steer' of the namespace: got '%.64s', "
			       "allowed: enabled, required, disabled",
			       text);
	if (!(ret->set & ANNOTATION_STEER)) {
		ret->set |= ANNOTATION_STEER;
		ret->steer = label.steer;
		ret->steer_by_label = true;
	} else if (said != label.steer) {
		bool label_wins = said != POLICY_DISABLED &&
				  (label.steer == POLICY_DISABLED || label.steer > said);

		ret->steer_differs = true;
		ret->steer = label_wins ? label.steer : said;
		ret->steer_other = label_wins ? said : label.steer;
	}
	return 0;
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
	if (owner == ANNOTATION_OF_NAMESPACE && !(ignore & ANNOTATION_STEER) &&
	    read_steer_label(annotations, ret, rc ? NULL : first) < 0)
		rc = -EINVAL;
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
