/* Of conf.h: stdin as JSON, in which no string has a NUL. Of a pod's annotations only ours are kept: what is in the
 * others, which anybody may write, cannot fail its ADD or DEL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cni-plugin/conf.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* No annotation has that character in a value which is right: so this one is wrong, as the policy says of any. */
static int replace_nul(json_t *text, struct err *err)
{
	const char *in = json_string_value(text);
	size_t len = json_string_length(text), n = 0;
	auto_free char *out = malloc(len * strlen(REPLACEMENT) + 1);

	if (!out)
		return err_sys(err, ENOMEM, "read annotations");
	for (size_t i = 0; i < len; i++) {
		if (in[i]) {
			out[n++] = in[i];
		} else {
			memcpy(out + n, REPLACEMENT, strlen(REPLACEMENT));
			n += strlen(REPLACEMENT);
		}
	}
	out[n] = '\0';
	return json_string_set(text, out) < 0 ? err_sys(err, ENOMEM, "read annotations") : 0;
}

static int keep_ours(json_t *annotations, struct err *err)
{
	const char *key;
	json_t *value;
	void *next;
	int r = 0;

	json_object_foreach_safe (annotations, next, key, value) {
		if (strncmp(key, WIRE_ANNOTATION_PREFIX, strlen(WIRE_ANNOTATION_PREFIX)) != 0)
			(void)json_object_del(annotations, key);
		else if (json_is_string(value) && smc_json_has_nul(value))
			r = replace_nul(value, err);
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
