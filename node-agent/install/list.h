/* SPDX-License-Identifier: Apache-2.0 */
/* A CNI network list as the runtime's folder has it, and our place in its chain. Pure.
 *
 * Format: CNI specification 1.1.0, section 1, "Network configuration format". What we do not know
 * is kept, in its order.
 */
#ifndef SMC_AGENT_INSTALL_LIST_H
#define SMC_AGENT_INSTALL_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* The plugin's "type", and its file in the runtime's folder of programs. */
#define INSTALL_TYPE "smc-cni"
#define INSTALL_LIST_MAX (1024 * 1024) /* bytes of a file; a larger one is left alone */
#define INSTALL_NAME_MAX 256

struct install_list { /* all zero: empty */
	json_t *root; /* owned */
	char name[INSTALL_NAME_MAX]; /* of the network: it names the drop-in folder too */
	char version[16]; /* that the runtime takes, of cniVersion and cniVersions */
	bool inlined_only; /* loadOnlyInlinedPlugins: the drop-in folder is not looked at */
	size_t n_plugins; /* of the list itself; 0: all are in the drop-in folder */
	int n_ours; /* plugins of the list that are ours */
};

/* `file` is for messages, and its ending counts: only a .conflist is a list. -EINVAL: no runtime
 * can load it; -EOPNOTSUPP: it is good, but we cannot join it (a single plugin, a cniVersion that
 * is not ours). The caller clears *ret. */
int install_list_parse(const char *file, const char *text, size_t len, struct install_list *ret,
		       struct err *err);
void install_list_clear(struct install_list *l);

/* Our entry: what a chain needs of us. `socket` is where the plugin finds the agent. NULL: no
 * memory. */
json_t *install_entry(const char *socket);
/* The entry as a file of the drop-in folder. The caller frees it; NULL: no memory. */
char *install_dropin_text(const struct install_list *l, const char *socket);
/* The list with our entry at its end (socket NULL: with none of ours). The caller frees it; NULL:
 * no memory. */
char *install_list_text(const struct install_list *l, const char *socket);
/* True when the text is a drop-in file of ours. */
bool install_is_dropin(const char *text, size_t len);

/* Whether a runtime loads files of this name: .conf, .conflist, .json (go-cni,
 * libcni.ConfFiles). */
bool install_is_conf_name(const char *name);

#endif
