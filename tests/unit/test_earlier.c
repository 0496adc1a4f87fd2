/* SPDX-License-Identifier: Apache-2.0 */
/* What libcni keeps of a pod, as a request. The first text is what containerd 2.4 wrote,
 * shortened. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "node-agent/install/cache.h"
#include "node-agent/node/earlier.h"
#include "tests/unit/tree.h"

static const char info_text[] =
	"{'kind': 'cniCacheV1', 'containerId': '57f3068244922f00', 'config': 'e30=', 'ifName': 'eth0',"
	" 'networkName': 'podnet', 'netns': '/var/run/netns/cni-8c173603',"
	" 'cniArgs': [['K8S_POD_INFRA_CONTAINER_ID', '57f3068244922f00'], ['K8S_POD_UID', '551c0c36-2251'],"
	"  ['IgnoreUnknown', '1'], ['K8S_POD_NAMESPACE', 'default'], ['K8S_POD_NAME', 'before']],"
	" 'capabilityArgs': {'cgroupPath': '/kubepods/besteffort/pod551c0c36-2251', 'dns': {'Servers': ['10.96.0.10']},"
	"  'io.kubernetes.cri.pod-annotations': {'kubernetes.io/config.source': 'api', 'smc-cni.io/steer': 'enabled'}},"
	" 'result': {'cniVersion': '1.1.0', 'interfaces': [{'mac': '02:00:0a:f4:01:01', 'name': 'cni0'},"
	"  {'mac': '5a:a4:89:d9:21:ea', 'name': 'eth0', 'sandbox': '/var/run/netns/cni-8c173603'}],"
	"  'ips': [{'address': '10.244.1.3/24', 'gateway': '10.244.1.1', 'interface': 1}]}}";

/* JSON with ' for ". */
static json_t *json_of(const char *text)
{
	char buf[4096];
	json_t *obj;

	assert_true(strlen(text) < sizeof(buf));
	strcpy(buf, text);
	for (char *p = buf; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	obj = json_loads(buf, 0, NULL);
	assert_non_null(obj);
	return obj;
}

static void all_that_a_plugin_would_have_said_is_there(void **state)
{
	json_auto_t *info = json_of(info_text);
	struct wire_prepare req = { 0 };
	struct err err = ERR_INIT;
	char buf[INET_TEXT_MAX];
	const char *netns;

	(void)state;
	assert_int_equal(earlier_request(info, &req, &netns, &err), 0);
	assert_string_equal(netns, "/var/run/netns/cni-8c173603");
	assert_string_equal(req.attachment.network, "podnet");
	assert_string_equal(req.attachment.container_id, "57f3068244922f00");
	assert_string_equal(req.attachment.ifname, "eth0");
	assert_string_equal(req.pod.namespace, "default");
	assert_string_equal(req.pod.name, "before");
	assert_string_equal(req.pod.uid, "551c0c36-2251");
	assert_string_equal(req.cgroup_path, "/kubepods/besteffort/pod551c0c36-2251");
	assert_int_equal(req.n_interfaces, 1);
	assert_string_equal(req.interfaces[0].name, "eth0");
	assert_string_equal(req.interfaces[0].mac, "5a:a4:89:d9:21:ea");
	assert_int_equal(req.interfaces[0].n_ips, 1);
	assert_string_equal(inet_format(&req.interfaces[0].ips[0], buf), "10.244.1.3/24");
	assert_int_equal(json_object_size(req.annotations), 1);
	assert_string_equal(json_string_value(json_object_get(req.annotations, "smc-cni.io/steer")),
			    "enabled");
	wire_prepare_clear(&req);
}

static void an_older_runtime_says_less(void **state)
{
	json_auto_t *info = json_of(info_text);
	json_auto_t *old = json_of("{'cniVersion': '0.2.0', 'ip4': {'ip': '10.1.0.2/24'}}");
	struct wire_prepare req = { 0 };
	struct err err = ERR_INIT;
	const char *netns;

	(void)state;
	(void)json_object_del(info, "netns");
	(void)json_object_del(info, "capabilityArgs");
	(void)json_object_del(info, "cniArgs");
	assert_int_equal(earlier_request(info, &req, &netns, &err), 0);
	assert_string_equal(netns, "/var/run/netns/cni-8c173603"); /* the sandbox of its result */
	assert_string_equal(req.pod.name, "");
	assert_string_equal(req.cgroup_path, "");
	assert_null(req.annotations);
	(void)json_object_set_new(info, "netns", json_string("/run/netns/a"));
	(void)json_object_set(info, "result", old);
	assert_int_equal(earlier_request(info, &req, &netns, &err), 0);
	assert_string_equal(req.interfaces[0].name, "eth0");
	assert_int_equal(req.interfaces[0].n_ips, 1);
}

static void a_nul_in_an_annotation_spoils_that_one_alone(void **state)
{
	char folder[] = "/tmp/smc-test-earlier-XXXXXX", path[sizeof(folder) + 2];
	json_auto_t *written = json_of(info_text), *info = NULL;
	json_t *annotations = json_object_get(json_object_get(written, "capabilityArgs"),
					      "io.kubernetes.cri.pod-annotations");
	struct wire_prepare req = { 0 };
	struct err err = ERR_INIT;
	const char *netns;

	(void)state;
	(void)json_object_set_new(annotations, "example.com/note", json_stringn("a\0b", 3));
	(void)json_object_set_new(annotations, "smc-cni.io/steer", json_stringn("enabled\0", 8));
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/a", folder);
	assert_int_equal(json_dump_file(written, path, 0), 0);
	info = install_cache_read(AT_FDCWD, path);
	assert_int_equal(unlink(path) + rmdir(folder), 0);

	assert_true(install_cache_is_of(info, "podnet"));
	assert_int_equal(earlier_request(info, &req, &netns, &err), 0);
	assert_int_equal(json_object_size(req.annotations), 1);
	assert_string_equal(json_string_value(json_object_get(req.annotations, "smc-cni.io/steer")),
			    "enabled\xef\xbf\xbd");
	wire_prepare_clear(&req);
}

/* A file of a pod whose ADD ended so many seconds from now; the namespace is as old as `netns`. */
static void keep(const char *folder, const char *netns, int ended_s)
{
	const struct timespec ended[2] = { { .tv_sec = time(NULL) + ended_s },
					   { .tv_sec = time(NULL) + ended_s } };
	json_auto_t *info = json_of(info_text);
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/podnet-1-eth0", folder);
	(void)json_object_set_new(info, "netns", json_string(netns));
	assert_int_equal(json_dump_file(info, path, 0), 0);
	assert_int_equal(utimensat(AT_FDCWD, path, ended, 0), 0);
}

static void an_add_is_as_new_as_its_namespace(void **state)
{
	char folder[] = "/tmp/smc-test-earlier-XXXXXX";
	int64_t now = time(NULL);

	(void)state;
	assert_non_null(mkdtemp(folder));
	/* A slow IPAM plugin: it began now, which is when the folder was made. */
	keep(folder, folder, 400);
	assert_false(install_cache_has_newer(folder, "podnet", now + 60));
	assert_true(install_cache_has_newer(folder, "podnet", now - 100));
	assert_false(install_cache_has_newer(folder, "pod", now - 100));
	/* The pod is gone: it has taken no longer than 240 s. */
	keep(folder, "/nonexistent/ns", 400);
	assert_true(install_cache_has_newer(folder, "podnet", now + 100));
	assert_false(install_cache_has_newer(folder, "podnet", now + 200));
	assert_int_equal(tree_remove(folder), 0);
}

static void says(const char *key, const char *value, const char *message)
{
	json_auto_t *info = json_of(info_text);
	struct wire_prepare req = { 0 };
	struct err err = ERR_INIT;
	const char *netns;

	if (value)
		(void)json_object_set_new(info, key, json_of(value));
	else
		(void)json_object_del(info, key);
	assert_int_equal(earlier_request(info, &req, &netns, &err), -EINVAL);
	if (!strstr(err.msg, message))
		fail_msg("%s: says '%s'", key, err.msg);
}

static void rubbish_is_named(void **state)
{
	(void)state;
	says("networkName", NULL, "'network' is required");
	says("containerId", "[]", "'containerID' must be a string");
	says("ifName", NULL, "'ifname' is required");
	says("result", NULL, "'result' must be an object");
	says("result", "{'ips': 3}", "'ips' must be an array");
	says("result", "{'ips': [{'address': '300.0.0.1/8'}]}", "300.0.0.1");
	says("netns", "{}", "'netns' must be a string");
	says("capabilityArgs", "{'cgroupPath': {}}", "'cgroupPath' must be a string");
	says("capabilityArgs", "{'io.kubernetes.cri.pod-annotations': {'smc-cni.io/steer': []}}",
	     "no string");
	says("cniArgs", "[['K8S_POD_NAME', '../x']]", "'name' is '../x'");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_a_plugin_would_have_said_is_there),
		cmocka_unit_test(an_older_runtime_says_less),
		cmocka_unit_test(a_nul_in_an_annotation_spoils_that_one_alone),
		cmocka_unit_test(an_add_is_as_new_as_its_namespace),
		cmocka_unit_test(rubbish_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
