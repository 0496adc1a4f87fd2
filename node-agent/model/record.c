/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

void record_free(struct record *rec)
{
	if (!rec)
		return;
	wire_prepare_clear(&rec->req);
	free(rec);
}

void record_cleanup(struct record **rec)
{
	record_free(*rec);
}

struct record *record_copy(const struct record *rec)
{
	struct record *copy = malloc(sizeof(*copy));

	if (!copy)
		return NULL;
	*copy = *rec;
	if (rec->req.annotations) {
		copy->req.annotations = json_deep_copy(rec->req.annotations);
		if (!copy->req.annotations) {
			free(copy);
			return NULL;
		}
	}
	return copy;
}

static const char *phase_text(enum record_phase phase)
{
	return phase == RECORD_COMMITTED ? "committed" : "prepared";
}

/* Numbers of 64 bits as text: JSON's do not hold them everywhere. */
static json_t *netns_to_json(const struct netns_id *id)
{
	char dev[24], inode[24], cookie[24];

	(void)snprintf(dev, sizeof(dev), "%" PRIu64, id->dev);
	(void)snprintf(inode, sizeof(inode), "%" PRIu64, id->inode);
	(void)snprintf(cookie, sizeof(cookie), "%" PRIu64, id->cookie);
	return json_pack("{s:s, s:s, s:s}", "dev", dev, "inode", inode, "cookie", cookie);
}

json_t *record_to_json(const struct record *rec)
{
	char cgroup[24];

	(void)snprintf(cgroup, sizeof(cgroup), "%" PRIu64, rec->cgroup_id);
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "version", RECORD_VERSION,
			 "bootID", rec->boot_id, "phase", phase_text(rec->phase), "request",
			 wire_prepare_to_json(&rec->req), "netns", netns_to_json(&rec->netns),
			 "cgroup", cgroup, "wish", wish_to_json(&rec->wish), "undo",
			 podnet_to_json(&rec->undo));
}

static int parse_u64(const char *text, const char *where, const char *key, uint64_t *ret,
		     struct err *err)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9')
		return err_set(err, -EINVAL, "%s: '%s' is '%.32s', no number", where, key, text);
	return 0;
}

static int get_u64(const json_t *obj, const char *key, uint64_t *ret, struct err *err)
{
	const char *text;
	int r = smc_json_need_string(obj, "netns", key, &text, err);

	return r < 0 ? r : parse_u64(text, "netns", key, ret, err);
}

static int netns_from_json(const json_t *obj, struct netns_id *ret, struct err *err)
{
	json_t *netns = NULL;
	int r = smc_json_get_object(obj, "record", "netns", &netns, err);

	if (r < 0)
		return r;
	if (!netns)
		return err_set(err, -EINVAL, "record: 'netns' is required");
	r = get_u64(netns, "dev", &ret->dev, err);
	if (r == 0)
		r = get_u64(netns, "inode", &ret->inode, err);
	return r < 0 ? r : get_u64(netns, "cookie", &ret->cookie, err);
}

static int head_from_json(const json_t *obj, struct record *rec, struct err *err)
{
	const char *boot_id, *phase;
	int64_t version = 0;

	if (smc_json_get_int(obj, "record", "version", RECORD_VERSION, RECORD_VERSION, &version,
			     err) < 0)
		return -EINVAL;
	if (version == 0)
		return err_set(err, -EINVAL, "record: 'version' is required");
	if (smc_json_need_string(obj, "record", "bootID", &boot_id, err) < 0 ||
	    smc_json_need_string(obj, "record", "phase", &phase, err) < 0)
		return -EINVAL;
	if (strlen(boot_id) >= sizeof(rec->boot_id))
		return err_set(err, -EINVAL, "record: 'bootID' is '%.64s', no boot id", boot_id);
	strcpy(rec->boot_id, boot_id);
	if (!strcmp(phase, "committed"))
		rec->phase = RECORD_COMMITTED;
	else if (!strcmp(phase, "prepared"))
		rec->phase = RECORD_PREPARED;
	else
		return err_set(err, -EINVAL,
			       "record: 'phase' is '%.32s'; allowed are prepared, committed",
			       phase);
	return 0;
}

static int body_from_json(const json_t *obj, struct record *rec, struct err *err)
{
	json_t *request = NULL, *wish = NULL, *undo = NULL;
	const char *cgroup = "0"; /* records of 0.1.0 have none */
	int r;

	if (smc_json_get_string(obj, "record", "cgroup", &cgroup, err) < 0 ||
	    parse_u64(cgroup, "record", "cgroup", &rec->cgroup_id, err) < 0)
		return -EINVAL;
	if (smc_json_get_object(obj, "record", "request", &request, err) < 0 ||
	    smc_json_get_object(obj, "record", "wish", &wish, err) < 0 ||
	    smc_json_get_object(obj, "record", "undo", &undo, err) < 0)
		return -EINVAL;
	if (!request || !wish || !undo)
		return err_set(err, -EINVAL, "record: 'request', 'wish' and 'undo' are required");
	r = wish_from_json(wish, &rec->wish, err);
	if (r < 0)
		return r;
	r = podnet_from_json(undo, "undo", &rec->undo, err);
	if (r < 0)
		return r;
	return wire_prepare_from_json(request, &rec->req, err);
}

int record_from_json(const json_t *obj, struct record **ret, struct err *err)
{
	auto_record struct record *rec = calloc(1, sizeof(*rec));
	int r;

	if (!rec)
		return err_sys(err, ENOMEM, "read record");
	r = head_from_json(obj, rec, err);
	if (r == 0)
		r = netns_from_json(obj, &rec->netns, err);
	if (r == 0)
		r = body_from_json(obj, rec, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(rec);
	return 0;
}
