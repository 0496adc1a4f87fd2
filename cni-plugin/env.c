/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/env.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

static const char *const commands[] = {
	[ENV_ADD] = "ADD", [ENV_DEL] = "DEL",	    [ENV_CHECK] = "CHECK",
	[ENV_GC] = "GC",   [ENV_STATUS] = "STATUS", [ENV_VERSION] = "VERSION",
};

enum presence { OPTIONAL, REQUIRED };

/* "" when an optional variable is absent or empty. */
static int get(const char *name, enum presence presence, const char **ret, struct err *err)
{
	const char *value = getenv(name);

	if (!value)
		value = "";
	if (presence == REQUIRED && *value == '\0')
		return err_set(err, -EINVAL, "%s is required", name);
	*ret = value;
	return 0;
}

static int get_command(enum env_command *ret, struct err *err)
{
	const char *value;
	int r = get("CNI_COMMAND", REQUIRED, &value, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(value, commands[i])) {
			*ret = (enum env_command)i;
			return 0;
		}
	}
	return err_set(err, -EINVAL,
		       "CNI_COMMAND is '%.32s'; allowed are ADD, DEL, CHECK, GC, STATUS, VERSION",
		       value);
}

static int get_container_id(struct env *env, struct err *err)
{
	int r = get("CNI_CONTAINERID", REQUIRED, &env->container_id, err);

	if (r < 0)
		return r;
	if (!wire_name_valid(env->container_id))
		return err_set(err, -EINVAL,
			       "CNI_CONTAINERID is '%.64s'; allowed are 1 to %d characters of "
			       "[a-zA-Z0-9_.-], the first a letter or digit",
			       env->container_id, WIRE_NAME_MAX - 1);
	return 0;
}

static int get_ifname(struct env *env, struct err *err)
{
	int r = get("CNI_IFNAME", REQUIRED, &env->ifname, err);

	if (r < 0)
		return r;
	if (!wire_ifname_valid(env->ifname))
		return err_set(
			err, -EINVAL,
			"CNI_IFNAME is '%.64s'; allowed is an interface name: 1 to %d printable "
			"characters without blank, '/', ':' and '%%'",
			env->ifname, IFNAMSIZ - 1);
	return 0;
}

static bool is_utf8(const char *text)
{
	json_auto_t *string = json_string(text);

	return string != NULL;
}

static bool has_control(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	}
	return false;
}

static int get_netns(struct env *env, enum presence presence, struct err *err)
{
	int r = get("CNI_NETNS", presence, &env->netns, err);

	if (r < 0 || *env->netns == '\0')
		return r;
	if (env->netns[0] != '/' || strlen(env->netns) >= PATH_MAX || has_control(env->netns) ||
	    !is_utf8(env->netns)) /* the result names it */
		return err_set(
			err, -EINVAL,
			"CNI_NETNS is '%.128s'; allowed is an absolute path of less than %d bytes "
			"of UTF-8 without control characters",
			env->netns, PATH_MAX);
	return 0;
}

/* ---- CNI_ARGS: KEY=VALUE;KEY=VALUE ---- */

static int take_name(const char *key, const char *value, char *ret, struct err *err)
{
	if (*value && !wire_name_valid(value))
		return err_set(err, -EINVAL,
			       "CNI_ARGS: '%s' is '%.64s'; allowed are up to %d characters of "
			       "[a-zA-Z0-9_.-], the first a letter or digit",
			       key, value, WIRE_NAME_MAX - 1);
	strcpy(ret, value);
	return 0;
}

struct args {
	struct wire_pod pod;
	char mac[sizeof(((struct env *)NULL)->mac)];
	bool ignore_unknown;
	char unknown[64]; /* the first key that we do not know */
};

static int take_arg(struct args *args, const char *key, const char *value, struct err *err)
{
	if (!strcmp(key, "K8S_POD_NAMESPACE"))
		return take_name(key, value, args->pod.namespace, err);
	if (!strcmp(key, "K8S_POD_NAME"))
		return take_name(key, value, args->pod.name, err);
	if (!strcmp(key, "K8S_POD_UID"))
		return take_name(key, value, args->pod.uid, err);
	if (!strcmp(key, "K8S_POD_INFRA_CONTAINER_ID"))
		return 0; /* the container id again */
	if (!strcmp(key, "MAC")) {
		(void)snprintf(args->mac, sizeof(args->mac), "%s", value);
		return 0;
	}
	if (!strcmp(key, "IP") || !strcmp(key, "GATEWAY"))
		return 0; /* for the IPAM plugin, which has our environment */
	if (!strcmp(key, "IgnoreUnknown"))
		args->ignore_unknown = !strcmp(value, "1") || !strcasecmp(value, "true");
	else if (args->unknown[0] == '\0')
		strncat(args->unknown, key, sizeof(args->unknown) - 1);
	return 0;
}

static int parse_args(const char *text, struct env *ret, struct err *err)
{
	auto_free char *copy = strdup(text);
	auto_free struct args *args = calloc(1, sizeof(*args));
	char *rest = copy, *pair;
	int r;

	if (!copy || !args)
		return err_sys(err, ENOMEM, "read CNI_ARGS");
	while ((pair = strsep(&rest, ";"))) {
		char *equals = strchr(pair, '=');

		if (*pair == '\0')
			continue;
		if (!equals || equals == pair)
			return err_set(err, -EINVAL,
				       "CNI_ARGS has '%.64s'; allowed are KEY=VALUE pairs with ';' "
				       "between them",
				       pair);
		*equals = '\0';
		r = take_arg(args, pair, equals + 1, err);
		if (r < 0)
			return r;
	}
	/* The rule is that of the reference plugins: a caller that sends keys for others says
	 * IgnoreUnknown. */
	if (args->unknown[0] && !args->ignore_unknown)
		return err_set(err, -EINVAL,
			       "CNI_ARGS has the unknown key '%s'; allowed are K8S_POD_NAMESPACE, "
			       "K8S_POD_NAME, K8S_POD_UID, K8S_POD_INFRA_CONTAINER_ID, MAC, IP, "
			       "GATEWAY, and with IgnoreUnknown=1 any",
			       args->unknown);
	ret->pod = args->pod;
	memcpy(ret->mac, args->mac, sizeof(ret->mac));
	return 0;
}

/* ---- all together ---- */

static int read_attachment(struct env *env, enum presence netns, struct err *err)
{
	int r = get_container_id(env, err);

	if (r < 0)
		return r;
	r = get_ifname(env, err);
	if (r < 0)
		return r;
	return get_netns(env, netns, err);
}

int env_read(struct env *ret, struct err *err)
{
	struct env env = { .container_id = "", .netns = "", .ifname = "", .path = "" };
	const char *args = "";
	int r = get_command(&env.command, err);

	if (r < 0)
		return r;
	if (env.command == ENV_ADD || env.command == ENV_CHECK)
		r = read_attachment(&env, REQUIRED, err);
	else if (env.command == ENV_DEL)
		r = read_attachment(&env, OPTIONAL, err);
	if (r < 0)
		return r;
	r = get("CNI_PATH", env.command == ENV_GC ? REQUIRED : OPTIONAL, &env.path, err);
	if (r < 0)
		return r;
	(void)get("CNI_ARGS", OPTIONAL, &args, NULL);
	if (env.command == ENV_ADD) {
		r = parse_args(args, &env, err);
		if (r < 0)
			return r;
	}
	*ret = env;
	return 0;
}

void env_attachment(const struct env *env, const char *network, struct wire_attachment *ret)
{
	memset(ret, 0, sizeof(*ret));
	strncpy(ret->network, network, sizeof(ret->network) - 1);
	strncpy(ret->container_id, env->container_id, sizeof(ret->container_id) - 1);
	strncpy(ret->ifname, env->ifname, sizeof(ret->ifname) - 1);
}
