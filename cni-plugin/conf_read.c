/* Of conf.h: stdin as JSON, in which no string has a NUL. Of a pod's annotations only ours are kept: what is in the
 * others, which anybody may write, cannot fail its ADD or DEL. */
#include <errno.h>
#include <string.h>

#include "cni-plugin/conf.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

static int keep_ours(json_t *annotations, struct err *err)
{
	const char *key;
	json_t *value;
	void *next;
	int r = 0;

	json_object_foreach_safe (annotations, next, key, value) {
		if (strncmp(key, WIRE_ANNOTATION_PREFIX, strlen(WIRE_ANNOTATION_PREFIX)) != 0)
			(void)json_object_del(annotations, key);
		else
			r = smc_json_replace_nul(value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int conf_read(const char *text, size_t len, json_t **ret, struct err *err)
{
	json_auto_t *root = NULL;
	const char *key;
	json_t *value;
	int r = smc_json_parse_object_nul(text, len, "netconf", &root, err);

	if (r == 0)
		r = keep_ours(json_object_get(json_object_get(root, "runtimeConfig"), CONF_ANNOTATIONS), err);
	if (r < 0)
		return r;
	json_object_foreach (root, key, value) {
		if (smc_json_has_nul(value))
			return err_set(err, -EINVAL, "netconf: there is a NUL (\\u0000) in '%.64s'", key);
	}
	*ret = TAKE_PTR(root);
	return 0;
}
