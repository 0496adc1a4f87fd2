/* SPDX-License-Identifier: Apache-2.0 */
#include "common/version.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"

static const char *const texts[] = {
	[CNI_0_3_0] = "0.3.0", [CNI_0_3_1] = "0.3.1", [CNI_0_4_0] = "0.4.0",
	[CNI_1_0_0] = "1.0.0", [CNI_1_1_0] = "1.1.0",
};

const char *version_text(enum cni_version v)
{
	return texts[v];
}

int version_parse(const char *text, enum cni_version *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (!strcmp(text, texts[i])) {
			*ret = (enum cni_version)i;
			return 0;
		}
	}
	return err_set(
		err, -EINVAL,
		"netconf: 'cniVersion' is '%.32s'; supported are 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
		text);
}

json_t *version_report(const char *asked)
{
	enum cni_version v = CNI_1_1_0;
	json_auto_t *list = json_array();

	if (asked)
		(void)version_parse(asked, &v, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (json_array_append_new(list, json_string(texts[i])) < 0)
			return NULL;
	}
	return json_pack("{s:s, s:O}", "cniVersion", texts[v], "supportedVersions", list);
}
