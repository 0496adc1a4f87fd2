/* SPDX-License-Identifier: Apache-2.0 */
/* The part of conf.h that reads stdin as JSON in which no string has a NUL. Of a pod's annotations
 * only ours are kept: others may be written by anybody, and what is in them must not fail an ADD or
 * DEL. */
#include <errno.h>

#include "cni-plugin/conf.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "common/wire.h"

int conf_read(const char *text, size_t len, json_t **ret, struct err *err)
{
	json_auto_t *root = NULL;
	const char *key;
	json_t *value;
	int r = smc_json_parse_object_nul(text, len, "netconf", &root, err);

	if (r == 0)
		r = wire_keep_annotations(json_object_get(json_object_get(root, "runtimeConfig"),
							  NAMES_CAPABILITY_ANNOTATIONS),
					  err);
	if (r < 0)
		return r;
	json_object_foreach(root, key, value) {
		if (smc_json_has_nul(value))
			return err_set(err, -EINVAL, "netconf: there is a NUL (\\u0000) in '%.64s'",
				       key);
	}
	*ret = TAKE_PTR(root);
	return 0;
}
