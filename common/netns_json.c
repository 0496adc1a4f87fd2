/* SPDX-License-Identifier: Apache-2.0 */
#include "common/netns_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "common/json.h"

json_t *u64_to_json(uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return json_string(text);
}

json_t *netns_to_json(const struct netns_id *id)
{
	return json_pack("{s:o, s:o, s:o}", "dev", u64_to_json(id->dev), "inode",
			 u64_to_json(id->inode), "cookie", u64_to_json(id->cookie));
}

int u64_from_json(const json_t *obj, const char *where, const char *key, uint64_t *ret,
		  struct err *err)
{
	const char *text;
	char *end;
	int r = smc_json_need_string(obj, where, key, &text, err);

	if (r < 0)
		return r;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9')
		return err_set(err, -EINVAL, "%s: '%s' is '%.32s', no number", where, key, text);
	return 0;
}

int netns_from_json(const json_t *obj, const char *where, struct netns_id *ret, struct err *err)
{
	json_t *netns = NULL;
	int r = smc_json_get_object(obj, where, "netns", &netns, err);

	if (r < 0)
		return r;
	if (!netns)
		return err_set(err, -EINVAL, "%s: 'netns' is required", where);
	r = u64_from_json(netns, "netns", "dev", &ret->dev, err);
	if (r == 0)
		r = u64_from_json(netns, "netns", "inode", &ret->inode, err);
	return r < 0 ? r : u64_from_json(netns, "netns", "cookie", &ret->cookie, err);
}
