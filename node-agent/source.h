/* Where the agent learns of pods and namespaces: a store of objects, filled by a source (a manifest
 * folder now, the API server later). Owned by the loop thread. */
#ifndef SMC_AGENT_SOURCE_H
#define SMC_AGENT_SOURCE_H

#include <jansson.h>
#include <stdbool.h>

#include "common/err.h"

struct source_pod {
	char *namespace;
	char *name;
	char *uid; /* "" in manifests that have none */
	bool host_network;
	json_t *annotations; /* object of strings; never NULL */
};

struct source_namespace {
	char *name;
	json_t *annotations; /* object of strings; never NULL */
};

struct source;

/* Called by source_dispatch() for every pod or namespace that was added, changed or removed; name
 * "" = every pod of the namespace. The source has all of the new content by then, and may be asked;
 * it must not be closed. What the first read brings is not told. */
typedef void source_changed_fn(void *arg, const char *namespace, const char *name);

/* Reads the folder (its *.yaml, *.yml, *.json files, many documents each) and begins to watch it. A
 * bad file or document is logged with file, line and what is wrong; the objects that it brought
 * earlier stay until it is good again or gone, the other files are served. A folder that does not
 * exist yet is waited for (its parent is watched). */
int source_folder_open(const char *path, source_changed_fn *changed, void *arg,
		       struct source **ret, struct err *err);
void source_close(struct source *s);

/* For the loop: a descriptor to poll for reading, and what to call then. */
int source_fd(const struct source *s);
void source_dispatch(struct source *s);

/* NULL if unknown; borrowed until the next dispatch. */
const struct source_pod *source_pod(const struct source *s, const char *namespace,
				    const char *name);
const struct source_namespace *source_namespace(const struct source *s, const char *name);
/* Calls fn for each namespace. */
void source_each_namespace(const struct source *s,
			   void (*fn)(void *arg, const struct source_namespace *ns), void *arg);
/* True once the first full read is done. */
bool source_synced(const struct source *s);

#endif
