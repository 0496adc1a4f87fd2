/* SPDX-License-Identifier: Apache-2.0 */
/* config_salvage() reads of a bad file where the agent is to answer and where it is to look. */
#include <fcntl.h>
#include <stddef.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/config/config.h"
#include "node-agent/config/read.h"
#include "node-agent/config/value.h"

static const struct config_field fields[] = {
	{ "socket", config_value_socket_path, offsetof(struct config, socket) },
	{ "stateDir", config_value_path, offsetof(struct config, state_dir) },
	{ "bpffsDir", config_value_path, offsetof(struct config, bpffs_dir) },
	{ "cgroupRoot", config_value_path, offsetof(struct config, cgroup_root) },
	{ "cniConfDir", config_value_path, offsetof(struct config, cni_conf_dir) },
	{ "cniBinDir", config_value_path, offsetof(struct config, cni_bin_dir) },
	{ "kubeconfig", config_value_optional_path, offsetof(struct config, kubeconfig) },
	{ "metrics", config_value_endpoint, offsetof(struct config, metrics) },
};

static void take(struct config *c, const struct ytree_node *map, const struct config_field *field)
{
	const struct ytree_node *value = ytree_get(map, field->key);
	struct config_at at = { .file = "" };

	if (value)
		(void)field->read(&at, value, (char *)c + field->offset, NULL);
}

int config_salvage(const char *path, struct config **ret, struct err *err)
{
	auto_ytree struct ytree *tree = NULL;
	auto_free char *text = NULL;
	struct config *c;
	size_t len;
	int r = config_parse("", 0, "defaults", &c, err);

	if (r < 0)
		return r;
	*ret = c;
	if (file_read(AT_FDCWD, path, YTREE_BYTES_MAX, &text, &len, NULL) < 0 ||
	    ytree_parse(text, len, path, &tree, NULL) < 0 || tree->n_docs == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		take(c, tree->docs[0], &fields[i]);
	return 0;
}
