/* SPDX-License-Identifier: Apache-2.0 */
/* Room install/: the plugin in the runtime's folders: the program, and its place in the chain.
 * Thread: the worker's, and --cleanup's: all of it is file I/O.
 * Never: edits what is not ours, or leaves a half-written file under a name that is loaded.
 */

/* Our plugin in the runtime's folders: the program, and our place in the chain of the node's
 * network.
 *
 * The place is a file in the drop-in folder <conf_dir>/<network>/ (libcni >= 1.3 appends it to
 * the chain; no foreign file is edited), or an entry at the end of the list itself. Files appear
 * by rename, under temporary names that no runtime loads. Worker thread (and --cleanup): all of
 * it is file I/O.
 */
#ifndef SMC_AGENT_INSTALL_H
#define SMC_AGENT_INSTALL_H

#include <limits.h>
#include <stdbool.h>

#include "common/err.h"
#include "node-agent/config/config.h"
#include "node-agent/install/list.h"

#define INSTALL_DROPIN "50-smc-cni.conf"

struct install_wish { /* all borrowed */
	const char *plugin; /* the program to be copied */
	const char *conf_dir; /* the runtime's folders */
	const char *bin_dir;
	const char *socket; /* as the plugin is to find it */
	enum config_install mode;
};

struct install_state {
	bool changed; /* something had to be written to the configuration */
	bool dropin; /* the place is the drop-in folder */
	char network[INSTALL_NAME_MAX];
	char list[NAME_MAX + 1]; /* the list's file */
};

/* The program first, then the configuration; what is right already is not touched. *ret is
 * written on success. -ENOENT: there is no network yet; -EINVAL: the first file of the folder is
 * one that no runtime can load; -EOPNOTSUPP: it cannot be joined; -EAGAIN: somebody else just
 * changed it; others: as the file system says. Nothing is half done in the eyes of a runtime,
 * whatever fails. */
int install_apply(const struct install_wish *w, struct install_state *ret, struct err *err);

/* Removes what install_apply() made, and nothing that an operator put there by hand: the
 * configuration first, then the program, unless a result that a runtime has cached in `cache_dir`
 * still names it. Goes on after an error and returns the first. */
int install_undo(const char *conf_dir, const char *bin_dir, const char *cache_dir, struct err *err);

#endif
