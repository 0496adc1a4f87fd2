/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/node/earlier.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"
#include "common/names.h"
#include "common/result.h"
#include "node-agent/install/cache.h"
#include "node-agent/node/late.h"
#include "node-agent/node/pod.h"

#define WHERE "cached result"
#define SETTLED_S 2 /* a folder that changed so short ago may change again within the same tick */

/* The value of one of [["K8S_POD_NAME", "x"], ...]; "" if it is not there. */
static const char *cni_arg(const json_t *info, const char *key)
{
	const json_t *pair;
	size_t i;

	json_array_foreach(json_object_get(info, "cniArgs"), i, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (name && value && !strcmp(name, key))
			return value;
	}
	return "";
}

/* As a message, so that the names go through the same checks as a plugin's. */
static int message(const json_t *info, json_t **ret, struct err *err)
{
	const json_t *capabilities = json_object_get(info, "capabilityArgs");
	json_t *network = json_object_get(info, "networkName"),
	       *id = json_object_get(info, "containerId");
	json_t *annotations = json_object_get(capabilities, NAMES_CAPABILITY_ANNOTATIONS);
	int r = wire_keep_annotations(annotations, err);

	if (r < 0)
		return r;
	*ret = json_pack("{s:{s:O*, s:O*, s:O*}, s:{s:s, s:s, s:s}, s:O*, s:O*}", "attachment",
			 "network", network, "containerID", id, "ifname",
			 json_object_get(info, "ifName"), "pod", "namespace",
			 cni_arg(info, "K8S_POD_NAMESPACE"), "name", cni_arg(info, "K8S_POD_NAME"),
			 "uid", cni_arg(info, "K8S_POD_UID"), "cgroupPath",
			 json_object_get(capabilities, NAMES_CAPABILITY_CGROUP), "annotations",
			 json_is_object(annotations) ? annotations : NULL);
	return *ret ? 0 : err_set(err, -EINVAL, WHERE ": it has not the form that libcni gives it");
}

int earlier_request(const json_t *info, struct wire_prepare *ret, const char **ret_netns,
		    struct err *err)
{
	json_auto_t *msg = NULL, *result = NULL;
	const json_t *answer = json_object_get(info, "result");
	const char *netns = NULL;
	int r;

	if (!json_is_object(answer))
		return err_set(err, -EINVAL, WHERE ": 'result' must be an object");
	r = message(info, &msg, err);
	if (r == 0)
		r = result_import(answer, WHERE, &result, err);
	if (r == 0)
		r = smc_json_get_string(info, WHERE, "netns", &netns, err);
	if (r < 0)
		return r;
	netns = install_cache_netns(info);
	if (!netns)
		return err_set(err, -EINVAL, WHERE ": neither 'netns' nor a 'sandbox' is there");
	r = wire_prepare_from_json(msg, ret, err);
	if (r < 0)
		return r;
	ret->n_interfaces = result_pod_interfaces(result, netns, ret->attachment.ifname,
						  ret->interfaces, WIRE_INTERFACES_MAX);
	*ret_netns = netns;
	return 0;
}

/* 1: *ret is a record. 0: there is nothing to take over. */
static int take(const struct node *node, const json_t *info, struct record **ret, struct err *err)
{
	auto_record struct record *rec = calloc(1, sizeof(*rec));
	const char *netns;
	int r;

	if (!rec)
		return err_sys(err, ENOMEM, "read " WHERE);
	r = earlier_request(info, &rec->req, &netns, err);
	if (r < 0)
		return r;
	r = late_identify(node, netns, 0, rec, err);
	if (r == -ENOENT || r == -EBUSY) /* a pod that ends, or that its plugin speaks for */
		return 0;
	if (r == 1 && pod_ended(node, rec))
		return 0;
	if (r == 1)
		*ret = TAKE_PTR(rec);
	return r;
}

/* first: nobody has been told yet what is wrong with the file. */
static void each_file(const struct node *node, int dirfd, const char *name, const char *network,
		      bool first, record_fn *fn, void *arg)
{
	json_auto_t *info = install_cache_read(dirfd, name);
	struct record *rec = NULL;
	struct err err = ERR_INIT;
	int r;

	if (!install_cache_is_of(info, network))
		return;
	r = take(node, info, &rec, &err);
	if (r < 0 && first)
		log_warn("pod that ran before cannot be taken over", "file", name, "err", err.msg);
	else if (r == 1)
		fn(arg, rec);
}

int earlier_scan(const struct node *node, const char *cache_dir, const char *network,
		 struct earlier_seen *seen, record_fn *fn, void *arg, struct err *err)
{
	auto_closedir DIR *dir = opendir(cache_dir);
	const struct dirent *de;
	struct stat st;
	bool first;

	if (!dir)
		return errno == ENOENT ? 0 : err_sys(err, errno, "read folder '%s'", cache_dir);
	if (fstat(dirfd(dir), &st) < 0)
		return err_sys(err, errno, "read folder '%s'", cache_dir);
	if (strcmp(seen->network, network) != 0) { /* forget what was passed over */
		*seen = (struct earlier_seen){ 0 };
		(void)snprintf(seen->network, sizeof(seen->network), "%s", network);
	}
	if (st.st_mtim.tv_sec == seen->mtime.tv_sec && st.st_mtim.tv_nsec == seen->mtime.tv_nsec)
		return 0;
	first = seen->mtime.tv_sec == 0;
	seen->mtime = st.st_mtim.tv_sec + SETTLED_S < time(NULL) ? st.st_mtim :
								   (struct timespec){ 0 };
	while ((de = readdir(dir)))
		if (de->d_name[0] != '.')
			each_file(node, dirfd(dir), de->d_name, network, first, fn, arg);
	return 0;
}
