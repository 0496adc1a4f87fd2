/* SPDX-License-Identifier: Apache-2.0 */
/* What a runtime keeps of its pods: one file for each attachment, with the list as ADD had it
 * (libcni/api.go, cachedInfo). Read only; worker thread. */
#ifndef SMC_AGENT_INSTALL_CACHE_H
#define SMC_AGENT_INSTALL_CACHE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define INSTALL_CACHE_DIR "/var/lib/cni/results" /* libcni/api.go: CacheDir */

/* One of its files. NULL: it is not there, or not one that we understand. */
json_t *install_cache_read(int dirfd, const char *name);
/* The path of the pod's namespace, as the runtime says it, or else the result; NULL if neither
 * does. Borrowed. */
const char *install_cache_netns(const json_t *info);
/* True when it is of an attachment to that network. The name of the file alone would do for "a" and
 * for "a-b". info may be NULL. */
bool install_cache_is_of(const json_t *info, const char *network);

/* True when a DEL that is still to come may call our plugin: a list of an attachment has it. (A
 * drop-in file is not part of what is kept, and not called after its removal.) */
bool install_cache_names_us(const char *cache_dir);

bool install_cache_is_empty(const char *cache_dir);

/* True when an attachment of that network began after `since_s` (CLOCK_REALTIME). */
bool install_cache_has_newer(const char *cache_dir, const char *network, int64_t since_s);

#endif
