/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "node-agent/object/manifest.h"
#include "node-agent/parse/k8s_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *arg, const struct err *err)
{
	if (!err->msg[0])
		abort();
	++*(size_t *)arg;
}

/* A manifest file: every bad document is told, every object has a name that Kubernetes would
 * take. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest m = { 0 };
	size_t told = 0;

	if (manifest_parse((const char *)data, size, "p.yaml", count, &told, &m, NULL) < 0)
		return 0;
	if (told != m.n_bad)
		abort();
	for (size_t i = 0; i < m.n_objects; i++) {
		if (!k8s_name_subdomain(manifest_object_name(m.objects[i])))
			abort();
		for (size_t k = 0; k < i; k++)
			if (manifest_object_compare(m.objects[k], m.objects[i]) == 0)
				abort();
	}
	manifest_clear(&m);
	return 0;
}
