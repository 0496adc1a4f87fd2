/* What a Pod and a Namespace say, as far as the agent listens. Pure. */
#ifndef SMC_AGENT_OBJECT_H
#define SMC_AGENT_OBJECT_H

#include <jansson.h>
#include <stdbool.h>

struct object_pod {
	char *namespace;
	char *name;
	char *uid; /* "" in manifests that have none */
	bool host_network;
	json_t *annotations; /* object of strings; never NULL */
};

struct object_namespace {
	char *name;
	json_t *annotations; /* object of strings; never NULL */
};

#endif
