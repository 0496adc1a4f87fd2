/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/config/value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/inet.h"
#include "common/log.h"
#include "common/smc_nl.h"
#include "node-agent/config/config.h"
#include "node-agent/config/peers_item.h"
#include "node-agent/config/scalar.h"
#include "node-agent/parse/k8s_name.h"

static int replace(const struct config_at *at, const char *text, char **out, struct err *err)
{
	char *copy = strdup(text);

	if (!copy)
		return err_sys(err, ENOMEM, "read '%s'", at->file);
	free(*out);
	*out = copy;
	return 0;
}

static bool path_valid(const char *path, size_t max_len)
{
	size_t len = strlen(path);

	return path[0] == '/' && len <= max_len && !strstr(path, "/../") &&
	       (len < 3 || strcmp(path + len - 3, "/..") != 0);
}

static int read_path(const struct config_at *at, const struct ytree_node *value, bool may_be_empty,
		     size_t max_len, const char *allowed, char **out, struct err *err)
{
	const char *text;
	int rc;

	rc = config_string(at, value, allowed, &text, err);
	if (rc < 0)
		return rc;
	if (!path_valid(text, max_len) && !(may_be_empty && !*text))
		return config_refuse(at, value, allowed, err);
	return replace(at, text, out, err);
}

int config_value_path(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	return read_path(at, value, false, PATH_MAX - NAME_MAX, "an absolute path without '..'",
			 out, err);
}

int config_value_optional_path(const struct config_at *at, const struct ytree_node *value,
			       void *out, struct err *err)
{
	return read_path(at, value, true, PATH_MAX - NAME_MAX,
			 "\"\" or an absolute path without '..'", out, err);
}

int config_value_socket_path(const struct config_at *at, const struct ytree_node *value, void *out,
			     struct err *err)
{
	_Static_assert(sizeof(((struct sockaddr_un *)NULL)->sun_path) == 108,
		       "as the message says");
	return read_path(at, value, false, 107,
			 "an absolute path without '..' of up to 107 characters", out, err);
}

int config_value_nri_path(const struct config_at *at, const struct ytree_node *value, void *out,
			  struct err *err)
{
	return read_path(at, value, false, 107,
			 "auto, off, or an absolute path without '..' of up to 107 characters", out,
			 err);
}

/* A string that `valid` accepts. */
static int read_word(const struct config_at *at, const struct ytree_node *value,
		     bool (*valid)(const char *), const char *allowed, char **out, struct err *err)
{
	const char *text;
	int rc;

	rc = config_string(at, value, allowed, &text, err);
	if (rc < 0)
		return rc;
	return valid(text) ? replace(at, text, out, err) : config_refuse(at, value, allowed, err);
}

int config_value_node_name(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	return read_word(at, value, k8s_name_subdomain,
			 "the name of the Node object: lower-case letters, digits, '-' and '.'",
			 out, err);
}

static bool is_namespace(const char *text)
{
	return strcmp(text, "*") == 0 || k8s_name_label(text);
}

int config_value_namespace(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	return read_word(at, value, is_namespace, "the name of a namespace, or \"*\" for all", out,
			 err);
}

int config_value_ueid(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	return read_word(at, value, smc_ueid_valid,
			 "1 to 32 of A-Z, 0-9, '.' and '-', beginning with a letter or digit", out,
			 err);
}

/* "IP:PORT" or "[IPv6]:PORT", port 1 to 65535. */
static bool is_endpoint(const char *text)
{
	bool bracketed = text[0] == '[';
	const char *colon = strrchr(text, ':');
	char host[INET_TEXT_MAX] = "";
	struct inet_addr addr;
	size_t len;
	long port;

	if (!*text)
		return true;
	if (!colon || colon == text || strlen(colon) > 6)
		return false;
	if (bracketed && colon[-1] != ']')
		return false;
	len = (size_t)(colon - text) - (bracketed ? 2 : 0);
	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text + bracketed, len);
	if (strchr(host, '/') || inet_parse(host, &addr, NULL) < 0)
		return false;
	if (strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return false;
	port = strtol(colon + 1, NULL, 10);
	return port >= 1 && port <= 65535 && bracketed == (addr.family == AF_INET6);
}

int config_value_endpoint(const struct config_at *at, const struct ytree_node *value, void *out,
			  struct err *err)
{
	return read_word(at, value, is_endpoint, "IP:PORT, [IPv6]:PORT, or \"\" for none", out,
			 err);
}

int config_value_bool(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	if (value->type != YTREE_BOOL)
		return config_refuse(at, value, "true, false", err);
	*(bool *)out = value->text[0] == 't' || value->text[0] == 'T';
	return 0;
}

int config_value_switch(const struct config_at *at, const struct ytree_node *value, void *out,
			struct err *err)
{
	const char *allowed = "enabled, disabled";

	if (strcmp(value->text, "enabled") == 0)
		*(bool *)out = true;
	else if (strcmp(value->text, "disabled") == 0)
		*(bool *)out = false;
	else
		return config_refuse(at, value, allowed, err);
	return 0;
}

int config_value_log_level(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	if (log_level_parse(value->text, out) < 0)
		return config_refuse(at, value, "error, warn, info, debug", err);
	return 0;
}

int config_value_ulp(const struct config_at *at, const struct ytree_node *value, void *out,
		     struct err *err)
{
	if (scalar_parse_ulp(value->text, out) < 0)
		return config_refuse(at, value, SCALAR_ULP_ALLOWED, err);
	return 0;
}

int config_value_install(const struct config_at *at, const struct ytree_node *value, void *out,
			 struct err *err)
{
	static const char *const modes[] = { [CONFIG_INSTALL_AUTO] = "auto",
					     [CONFIG_INSTALL_BY_DROPIN] = "dropin",
					     [CONFIG_INSTALL_BY_CONFLIST] = "conflist" };
	enum config_install *mode = out;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (strcmp(value->text, modes[i]) == 0) {
			*mode = (enum config_install)i;
			return 0;
		}
	}
	return config_refuse(at, value, "auto, dropin, conflist", err);
}

int config_value_buffer(const struct config_at *at, const struct ytree_node *value, void *out,
			struct err *err)
{
	if (scalar_parse_buffer(value->text, out) < 0)
		return config_refuse(at, value, SCALAR_BUFFER_ALLOWED, err);
	return 0;
}

int config_value_cidr(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	if (inet_parse_cidr(value->text, out, NULL) < 0)
		return config_refuse(at, value,
				     "a CIDR without host bits, such as 10.244.0.0/16 or fd00::/64",
				     err);
	return 0;
}

int config_value_cluster_cidr(const struct config_at *at, const struct ytree_node *value, void *out,
			      struct err *err)
{
	if (peers_cidr_parse(value->text, out) < 0)
		return config_refuse(at, value,
				     "a CIDR without host bits, such as 10.244.0.0/16 or fd00::/64",
				     err);
	return 0;
}

int config_value_peer(const struct config_at *at, const struct ytree_node *value, void *out,
		      struct err *err)
{
	if (peers_item_parse(value->text, out) < 0)
		return config_refuse(at, value, PEERS_ITEM_ALLOWED, err);
	return 0;
}

int config_value_pnet_id(const struct config_at *at, const struct ytree_node *value, void *out,
			 struct err *err)
{
	const char *allowed = "1 to 16 letters and digits";
	char *id = out;
	const char *text;
	int rc;

	rc = config_string(at, value, allowed, &text, err);
	if (rc < 0)
		return rc;
	if (!smc_pnet_id_valid(text))
		return config_refuse(at, value, allowed, err);
	for (; *text; text++)
		*id++ = (char)toupper((unsigned char)*text);
	*id = '\0';
	return 0;
}

/* A string of 1 to size - 1 characters, none of them in `bad` or white space, and not "." or
 * "..". */
static int read_device(const struct config_at *at, const struct ytree_node *value, const char *bad,
		       const char *allowed, char *out, size_t size, struct err *err)
{
	const char *text;
	size_t len;
	int rc;

	rc = config_string(at, value, allowed, &text, err);
	if (rc < 0)
		return rc;
	len = strlen(text);
	if (len == 0 || len >= size || strcmp(text, ".") == 0 || strcmp(text, "..") == 0 ||
	    strpbrk(text, bad) || strpbrk(text, " \t\n\v\f\r"))
		return config_refuse(at, value, allowed, err);
	memcpy(out, text, len + 1);
	return 0;
}

int config_value_interface(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	/* dev_valid_name() of net/core/dev.c */
	return read_device(at, value, "/:", "the name of a network interface (up to 15 characters)",
			   out, IFNAMSIZ, err);
}

int config_value_ib_device(const struct config_at *at, const struct ytree_node *value, void *out,
			   struct err *err)
{
	return read_device(at, value, "/", "the name of an RDMA device, as 'rdma link' shows it",
			   out, sizeof(((struct config_rdma *)NULL)->device), err);
}

int config_value_ib_port(const struct config_at *at, const struct ytree_node *value, void *out,
			 struct err *err)
{
	long port = value->type == YTREE_INT && strlen(value->text) <= 3 ?
			    strtol(value->text, NULL, 10) :
			    0;

	if (port < 1 || port > 254)
		return config_refuse(at, value, "a port number from 1 to 254", err);
	*(uint8_t *)out = (uint8_t)port;
	return 0;
}
