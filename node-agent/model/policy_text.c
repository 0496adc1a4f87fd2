/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/policy.h"

const char *policy_steer_text(enum policy_steer s)
{
	static const char *const texts[] = { "disabled", "enabled", "required" };

	return texts[s];
}

const char *policy_origin_text(enum policy_origin o)
{
	static const char *const texts[] = { "default", "node", "namespace", "pod" };

	return texts[o];
}
