/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin answers when a verb fails: a code of the CNI specification (or one of ours,
 * 100 and up) and a sentence. */
#ifndef SMC_PLUGIN_ERROR_H
#define SMC_PLUGIN_ERROR_H

#include <jansson.h>

#include "common/err.h"

enum cni_code {
	/* CNI specification, "Error" */
	CNI_VERSION = 1, /* incompatible CNI version */
	CNI_UNSUPPORTED = 2, /* unsupported field; the message has key and value */
	CNI_NO_CONTAINER = 3, /* container unknown: nothing was made, no DEL is needed */
	CNI_ENVIRONMENT = 4, /* a CNI_ variable is missing or wrong */
	CNI_IO = 5, /* stdin cannot be read */
	CNI_DECODE = 6, /* stdin is not a JSON object */
	CNI_CONFIG = 7, /* a key of the configuration is missing or wrong */
	CNI_TRY_AGAIN = 11, /* steering is required and cannot be had now; or the pod is busy */
	CNI_NOT_READY = 50, /* STATUS: no ADD can be done; under strictStatus: none steered */
	CNI_LIMITED = 51, /* as 50, but existing containers suffer too; only from an IPAM plugin */
	/* ours */
	CNI_INTERNAL = 100, /* no memory: not the caller's doing */
	CNI_INTERFACE = 101, /* interface, address or route could not be made or removed */
	CNI_IPAM = 102, /* the IPAM plugin could not be run, did not end, or printed no answer */
	CNI_MISSING = 103, /* CHECK: something that ADD made is missing or different */
	CNI_AGENT = 104, /* GC: the agent could not do its part */
};

struct cni_error {
	int code; /* enum cni_code; 0: none yet */
	struct err err;
	json_t *delegated; /* an IPAM plugin's own error, which is answered as it is; owned */
};

void cni_error_clear(struct cni_error *e);

/* For `return cni_fail(e, CNI_CONFIG, f(..., &e->err))`: notes the code if rc is negative and
 * none was noted, -ENOMEM as CNI_INTERNAL; returns rc. */
int cni_fail(struct cni_error *e, enum cni_code code, int rc);

/* The document for stdout; a new reference, NULL when there is no memory. */
json_t *cni_error_to_json(const struct cni_error *e, const char *cni_version);

#endif
