/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of install.h share. */
#ifndef SMC_AGENT_INSTALL_IMPL_H
#define SMC_AGENT_INSTALL_IMPL_H

#include <dirent.h>
#include <sys/stat.h>

#include "node-agent/install/install.h"

/* A file in the folder of programs, which says that the agent installed the plugin there. */
#define INSTALL_MARK ".smc-cni.installed"
#define INSTALL_POKE ".smc-cni.poke"
#define INSTALL_LOCK ".smc-cni.lock" /* root's alone; the folder itself anybody could lock */
#define INSTALL_NEW ".smc-cni.new" /* a file on its way to its name */
#define INSTALL_BAD_STAYS_S 60 /* since its last change */
#define INSTALL_PROGRAM_MAX (64 * 1024 * 1024) /* bytes */

int install_join(char path[PATH_MAX], const char *dir, const char *name, struct err *err);
void install_poke(const char *conf_dir);
/* Keeps other agents off the folder until the descriptor is closed. -EAGAIN: one is at it. */
int install_lock(const char *dir, struct err *err);
/* Writes the file by way of temporary files that are ours alone and have no ending that a runtime
 * loads. was: the file that is to be replaced; if another one is there by now, that stays: -EAGAIN.
 * NULL: replaces whatever is there. */
int install_put(const char *dir, const char *name, const void *data, size_t len, mode_t mode,
		const struct stat *was, struct err *err);

/* The files that a runtime would load, sorted as it sorts them: bytewise. Returns how many; the
 * caller frees them. */
int install_conf_files(const char *conf_dir, struct dirent ***ret, struct err *err);
void install_files_free(struct dirent **files, int n);

/* *ret_st tells later whether somebody has changed the file. */
int install_read_list(const char *conf_dir, const char *name, struct install_list *ret,
		      struct stat *ret_st, struct err *err);
/* socket NULL: our entries are removed. -EAGAIN: the list is not as it was. */
int install_edit_list(const char *conf_dir, const char *name, const struct install_list *l,
		      const struct stat *was, const char *socket, struct err *err);

/* Takes our file out of every drop-in folder but that of network `but` (NULL: of every one); a
 * folder that is empty then goes too. Sets *changed if there was one. */
int install_drop_dropins(const char *conf_dir, const char *but, bool *changed, struct err *err);

#endif
