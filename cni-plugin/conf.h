/* SPDX-License-Identifier: Apache-2.0 */
/* The network configuration on stdin: unknown keys pass, wrong types and values do not. All
 * keys: docs/cni-config.md. */
#ifndef SMC_PLUGIN_CONF_H
#define SMC_PLUGIN_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cni-plugin/conf_interface.h"
#include "cni-plugin/error.h"
#include "common/smc_nl.h"
#include "common/version.h"

#define CONF_MAX (1024 * 1024) /* bytes */
/* Of a network's name, which with a prefix is the alias of links (255). */
#define CONF_NAME_MAX 240
#define CONF_AGENT_TIMEOUT_MS 2000
#define CONF_IPAM_TIMEOUT_MS 60000 /* dhcp may take that long */

struct conf {
	json_t *root; /* owned; the strings below are borrowed from it */
	const char *text; /* as it came, for the IPAM plugin; borrowed from conf_parse's caller */
	size_t text_len;
	enum cni_version version;
	const char *name;
	const char *agent_socket; /* an absolute path */
	int agent_timeout_ms;
	bool strict_status;
	char pnet_id[SMC_PNET_ID_MAX + 1]; /* upper-case; "" if none */
	bool standalone;
	struct conf_interface interface;
	const char *ipam_type; /* "" if none */
	int ipam_timeout_ms;
	json_t *dns; /* ADD; NULL if none, or an empty one */
	json_t *prev_result; /* as it came; NULL if none */
	json_t *annotations; /* ADD: the pod's smc-cni.io/ ones; NULL if none were passed */
	const char *cgroup_path; /* ADD; "" if the runtime did not say */
	json_t *valid_attachments; /* GC; NULL if absent */
};

/* text must live as long as *ret. On success the caller calls conf_clear. On failure only
 * ret->version is set, and only if the configuration names a version that we speak: the error is
 * answered in that one.
 *
 * adding: the verb is ADD. What is asked for one pod (runtimeConfig, args), and what no other verb
 * needs, is checked in ADD only; in other verbs a bad value is as good as none. So it cannot stop
 * the DEL of an ADD that it has failed. */
int conf_parse(const char *text, size_t len, bool adding, struct conf *ret, struct cni_error *e);
void conf_clear(struct conf *c);

/* Its first step: see conf_read.c. The caller owns *ret. */
int conf_read(const char *text, size_t len, json_t **ret, struct err *err);

#endif
