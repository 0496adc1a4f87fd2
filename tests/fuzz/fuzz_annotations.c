/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "node-agent/config/config.h"
#include "node-agent/model/annotation.h"
#include "node-agent/model/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char config_text[] = "defaultSteer: enabled\npnets: [{id: A}]\n"
				  "limits: {namespaces: [a], maxBufferSize: 64Ki}\n";

/* {"pod": {...}, "namespace": {...}, "in": "NAMESPACE"}: whatever the annotations say, the
 * verdict holds together. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *config;
	const struct policy_node node = { .steering = true, .ueid = true };
	struct policy_pod pod = { .namespace = "a", .name = "b" };
	json_t *of_pod = NULL, *of_namespace = NULL;
	json_auto_t *root = NULL;
	auto_peers struct peers_set *set = NULL;
	struct policy_verdict v;

	if (!config && config_parse(config_text, strlen(config_text), "c", &config, NULL) < 0)
		abort();
	if (smc_json_parse_object((const char *)data, size, "input", &root, NULL) < 0 ||
	    smc_json_get_object(root, "input", "pod", &of_pod, NULL) < 0 ||
	    smc_json_get_object(root, "input", "namespace", &of_namespace, NULL) < 0 ||
	    smc_json_get_string(root, "input", "in", &pod.namespace, NULL) < 0)
		return 0;
	pod.annotations = of_pod;
	pod.namespace_annotations = of_namespace;
	policy_decide(config, &node, &pod, &v);
	if (!v.why[0] || strlen(v.why) >= sizeof(v.why))
		abort();
	if (v.steer && (v.invalid || v.refuse || v.unavailable || strcmp(pod.namespace, "a") != 0))
		abort();
	if (v.refuse != (v.wanted == POLICY_REQUIRED && !v.steer))
		abort();
	if (v.buffer_bytes < 0 || v.buffer_bytes > 64 * 1024)
		abort();
	if (v.pnet_id[0] && strcmp(v.pnet_id, "A") != 0)
		abort();
	if (peers_make(config, policy_peers(config, &pod), &set, NULL) == 0 &&
	    set->node.n > OFFER_RANGES_MAX)
		abort();
	(void)policy_namespace_required(pod.namespace, of_namespace);
	return 0;
}
