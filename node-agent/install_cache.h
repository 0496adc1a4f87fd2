/* What a runtime keeps of its pods: one file for each attachment, with the list as ADD had it
 * (libcni/api.go, cachedInfo). Read only; worker thread. */
#ifndef SMC_AGENT_INSTALL_CACHE_H
#define SMC_AGENT_INSTALL_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define INSTALL_CACHE_DIR "/var/lib/cni/results" /* libcni/api.go: CacheDir */

/* True when a DEL that is still to come may call our plugin: a list of an attachment has it. (A
 * drop-in file is not part of what is kept, and not called after its removal.) */
bool install_cache_names_us(const char *cache_dir);

bool install_cache_is_empty(const char *cache_dir);

/* True when an attachment of that network was made after `since_s` (CLOCK_REALTIME). */
bool install_cache_has_newer(const char *cache_dir, const char *network, int64_t since_s);

#endif
