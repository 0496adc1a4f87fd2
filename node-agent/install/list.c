/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/install/list.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "common/wire.h"

static bool ends_with(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n >= m && strcmp(name + n - m, ending) == 0;
}

bool install_is_conf_name(const char *name)
{
	return ends_with(name, ".conf") || ends_with(name, ".conflist") || ends_with(name, ".json");
}

static bool is_ours(const json_t *plugin)
{
	const char *type = json_string_value(json_object_get(plugin, "type"));

	return type && strcmp(type, INSTALL_TYPE) == 0;
}

/* The place of a version among those that we support, in their order; -1: none of them. */
static int version_rank(const char *version)
{
	static const char *const supported[] = { "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };

	for (size_t i = 0; version && i < ARRAY_SIZE(supported); i++)
		if (strcmp(supported[i], version) == 0)
			return (int)i;
	return -1;
}

/* Of cniVersions and cniVersion the runtime takes the highest that it knows (libcni/conf.go,
 * NetworkConfFromBytes). */
static int read_version(const char *file, const json_t *root, const char **ret, struct err *err)
{
	const char *version = "0.1.0"; /* what libcni takes a list without one for */
	json_t *versions = NULL, *item;
	size_t i;
	int r = smc_json_get_string(root, file, "cniVersion", &version, err);

	if (r >= 0)
		r = smc_json_get_array(root, file, "cniVersions", &versions, err);
	if (r < 0)
		return r;
	json_array_foreach(versions, i, item) {
		if (!json_is_string(item))
			return err_set(err, -EINVAL, "'%s': 'cniVersions[%zu]' is no string", file,
				       i);
		if (version_rank(json_string_value(item)) > version_rank(version))
			version = json_string_value(item);
	}
	*ret = version;
	return 0;
}

/* A string is taken as well, as by libcni. */
static int read_inlined_only(const char *file, const json_t *root, bool *ret, struct err *err)
{
	static const char key[] = "loadOnlyInlinedPlugins";
	const char *text = json_string_value(json_object_get(root, key));

	if (!text)
		return smc_json_get_bool(root, file, key, ret, err);
	if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0)
		return err_set(err, -EINVAL, "'%s': '%s' is '%.32s', allowed are true and false",
			       file, key, text);
	*ret = strcasecmp(text, "true") == 0;
	return 0;
}

/* Each plugin is an object with a type, as libcni wants it. */
static int check_plugins(const char *file, const json_t *plugins, int *ret_ours, struct err *err)
{
	size_t i;
	json_t *plugin;

	if (json_array_size(plugins) == 0)
		return err_set(err, -EINVAL, "'%s': 'plugins' is empty", file);
	*ret_ours = 0;
	json_array_foreach(plugins, i, plugin) {
		const char *type;
		int r;

		if (!json_is_object(plugin))
			return err_set(err, -EINVAL, "'%s': 'plugins[%zu]' is no object", file, i);
		r = smc_json_need_string(plugin, file, "type", &type, err);
		if (r < 0)
			return r;
		*ret_ours += is_ours(plugin);
	}
	return 0;
}

static int read_list(const char *file, struct install_list *l, struct err *err)
{
	const char *name, *version = "";
	json_t *plugins = NULL;
	int r = smc_json_need_string(l->root, file, "name", &name, err);

	if (r >= 0)
		r = read_version(file, l->root, &version, err);
	if (r >= 0)
		r = read_inlined_only(file, l->root, &l->inlined_only, err);
	if (r >= 0)
		r = smc_json_get_array(l->root, file, "plugins", &plugins, err);
	/* a list whose plugins are all in its folder has none here */
	if (r >= 0 && plugins)
		r = check_plugins(file, plugins, &l->n_ours, err);
	if (r < 0)
		return r;
	l->n_plugins = json_array_size(plugins);
	if (!wire_name_valid(name) || strlen(name) >= sizeof(l->name))
		return err_set(err, -EINVAL,
			       "'%s': 'name' is '%.64s', allowed are up to %zu of [a-zA-Z0-9_.-]",
			       file, name, sizeof(l->name) - 1);
	if (version_rank(version) < 0)
		return err_set(err, -EOPNOTSUPP,
			       "'%s': 'cniVersion' is '%.32s', smc-cni supports 0.3.0 to 1.1.0",
			       file, version);
	strcpy(l->name, name);
	strcpy(l->version, version);
	return 0;
}

int install_list_parse(const char *file, const char *text, size_t len, struct install_list *ret,
		       struct err *err)
{
	struct install_list l = { 0 };
	int r = smc_json_parse_object(text, len, file, &l.root, err);

	if (r < 0)
		return r;
	if (!ends_with(file, ".conflist")) {
		const char *type;

		r = smc_json_need_string(l.root, file, "type", &type, err);
		if (r >= 0)
			r = err_set(err, -EOPNOTSUPP,
				    "'%s' is a single plugin and has no chain: make it a .conflist",
				    file);
	} else {
		r = read_list(file, &l, err);
	}
	if (r < 0) {
		install_list_clear(&l);
		return r;
	}
	*ret = l;
	return 0;
}

void install_list_clear(struct install_list *l)
{
	json_decref(l->root);
	*l = (struct install_list){ 0 };
}

/* ---- what we write ---- */

json_t *install_entry(const char *socket)
{
	json_t *entry = json_pack("{s:s, s:{s:b, s:b}}", "type", INSTALL_TYPE, "capabilities",
				  NAMES_CAPABILITY_ANNOTATIONS, 1, NAMES_CAPABILITY_CGROUP, 1);

	if (entry && strcmp(socket, WIRE_DEFAULT_SOCKET) != 0 &&
	    json_object_set_new(entry, "agentSocket", json_string(socket)) < 0) {
		json_decref(entry);
		return NULL;
	}
	return entry;
}

/* With a newline at its end, as people write files. */
static char *dump(const json_t *value)
{
	auto_free char *text = json_dumps(value, JSON_INDENT(2));
	char *line;

	if (!text || asprintf(&line, "%s\n", text) < 0)
		return NULL;
	return line;
}

char *install_dropin_text(const struct install_list *l, const char *socket)
{
	json_auto_t *file = json_pack("{s:s, s:s}", "cniVersion", l->version, "name", l->name);

	if (!file || json_object_update_new(file, install_entry(socket)) < 0)
		return NULL;
	return dump(file);
}

static json_t *plugins_without_us(const struct install_list *l)
{
	json_t *plugins = json_array();
	const json_t *was = json_object_get(l->root, "plugins");
	size_t i;
	json_t *plugin;

	json_array_foreach(was, i, plugin) {
		if (!is_ours(plugin) && json_array_append(plugins, plugin) < 0) {
			json_decref(plugins);
			return NULL;
		}
	}
	return plugins;
}

char *install_list_text(const struct install_list *l, const char *socket)
{
	json_auto_t *list = json_copy(l->root);
	json_t *plugins = plugins_without_us(l);

	if (plugins && socket && json_array_append_new(plugins, install_entry(socket)) < 0) {
		json_decref(plugins);
		return NULL;
	}
	if (!list || json_object_set_new(list, "plugins", plugins) < 0)
		return NULL;
	return dump(list);
}

bool install_is_dropin(const char *text, size_t len)
{
	json_auto_t *file = NULL;

	return smc_json_parse_object(text, len, "file", &file, NULL) == 0 && is_ours(file);
}
