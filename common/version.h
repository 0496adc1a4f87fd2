/* SPDX-License-Identifier: Apache-2.0 */
/* The versions of the CNI specification that the plugin speaks. */
#ifndef SMC_COMMON_VERSION_H
#define SMC_COMMON_VERSION_H

#include <jansson.h>

#include "common/err.h"

enum cni_version {
	CNI_0_3_0,
	CNI_0_3_1,
	CNI_0_4_0, /* CHECK; prevResult with DEL */
	CNI_1_0_0, /* ips[].version is gone from results */
	CNI_1_1_0, /* GC, STATUS; more fields in results */
};

const char *version_text(enum cni_version v);
/* -EINVAL names the text and what is supported. */
int version_parse(const char *text, enum cni_version *ret, struct err *err);
/* The answer to VERSION; `asked` (may be NULL) is echoed when it is supported. NULL when there
 * is no memory. */
json_t *version_report(const char *asked);

#endif
