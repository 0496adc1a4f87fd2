/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/record.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/netns_json.h"

void record_free(struct record *rec)
{
	if (!rec)
		return;
	wire_prepare_clear(&rec->req);
	wish_clear(&rec->wish);
	text_unref(rec->containers);
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
	(void)text_ref(copy->wish.peers);
	(void)text_ref(copy->wish.containers);
	(void)text_ref(copy->containers);
	return copy;
}

static const char *phase_text(enum record_phase phase)
{
	return phase == RECORD_COMMITTED ? "committed" : "prepared";
}

json_t *record_to_json(const struct record *rec)
{
	return json_pack("{s:i, s:s, s:s, s:o, s:o, s:o, s:I, s:s*, s:o, s:o}", "version",
			 RECORD_VERSION, "bootID", rec->boot_id, "phase", phase_text(rec->phase),
			 "request", wire_prepare_to_json(&rec->req), "netns",
			 netns_to_json(&rec->netns), "cgroup", u64_to_json(rec->cgroup_id),
			 "cgroupLevel", (json_int_t)rec->cgroup_level, "containers",
			 text_get(rec->containers), "wish", wish_to_json(&rec->wish), "undo",
			 podnet_to_json(&rec->undo));
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
	const char *containers = NULL;
	int64_t level = 0;
	int r;

	if (json_object_get(obj, "cgroup") && /* records of 0.1.0 have none */
	    u64_from_json(obj, "record", "cgroup", &rec->cgroup_id, err) < 0)
		return -EINVAL;
	if (smc_json_get_int(obj, "record", "cgroupLevel", 0, INT_MAX, &level, err) < 0)
		return -EINVAL;
	rec->cgroup_level = (uint32_t)level;
	if (smc_json_get_string(obj, "record", "containers", &containers, err) < 0)
		return -EINVAL;
	rec->containers = containers ? text_new(containers) : NULL;
	if (containers && !rec->containers)
		return err_sys(err, ENOMEM, "read record");
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
		r = netns_from_json(obj, "record", &rec->netns, err);
	if (r == 0)
		r = body_from_json(obj, rec, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(rec);
	return 0;
}
