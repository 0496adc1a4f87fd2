/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign JSON: the parser, every getter on what it found, and the plan of a pod's netns. What is
 * accepted must survive the way back. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/podnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_key(const json_t *obj, const char *key)
{
	struct err err = ERR_INIT;
	const char *text = NULL;
	json_t *child = NULL;
	int64_t number = 0;
	bool flag;

	(void)smc_json_get_string(obj, "fuzz", key, &text, &err);
	(void)smc_json_need_string(obj, "fuzz", key, &text, &err);
	(void)smc_json_get_bool(obj, "fuzz", key, &flag, &err);
	if (smc_json_get_int(obj, "fuzz", key, -5, 100, &number, &err) == 1 &&
	    (number < -5 || number > 100))
		abort();
	(void)smc_json_get_object(obj, "fuzz", key, &child, &err);
	(void)smc_json_get_array(obj, "fuzz", key, &child, &err);
}

static void way_back(const struct podnet *plan)
{
	json_t *obj = podnet_to_json(plan);
	struct podnet again;

	if (podnet_from_json(obj, "fuzz", &again, NULL) < 0 ||
	    memcmp(plan, &again, sizeof(again)) != 0)
		abort();
	json_decref(obj);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = ERR_INIT;
	struct podnet plan;
	json_t *obj, *value;
	const char *key;

	if (smc_json_parse_object((const char *)data, size, "fuzz", &obj, &err) < 0)
		return 0;
	json_object_foreach(obj, key, value)
		read_key(obj, key);
	if (podnet_from_json(obj, "fuzz", &plan, &err) == 0)
		way_back(&plan);
	json_decref(obj);
	return 0;
}
