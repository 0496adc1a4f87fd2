/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/log.h"
#include "node-agent/kube/access.h"
#include "node-agent/parse/base64.h"

static char dir[64]; /* of the test's own files */

static const char *path_of(const char *name)
{
	static char path[2][128];
	static int which;

	which = !which;
	(void)snprintf(path[which], sizeof(path[which]), "%s/%s", dir, name);
	return path[which];
}

static void put(const char *name, const char *text)
{
	struct err err = ERR_INIT;

	if (file_replace(AT_FDCWD, path_of(name), text, strlen(text), 0600, &err) < 0)
		fail_msg("%s", err.msg);
}

static int parse(const char *text, struct kube_access *ret, struct err *err)
{
	*err = ERR_INIT;
	return kube_access_parse(text, strlen(text), "config", dir, ret, err);
}

/* A whole file around what is asked about. */
static const char *config_with(const char *cluster, const char *user)
{
	static char text[4096];

	(void)snprintf(text, sizeof(text),
		       "apiVersion: v1\nkind: Config\npreferences: {}\ncurrent-context: b\n"
		       "contexts:\n- {name: a, context: {cluster: x, user: y}}\n"
		       "- {name: b, context: {cluster: c, user: u, namespace: n}}\n"
		       "clusters:\n- name: x\n  cluster: {server: 'https://wrong'}\n"
		       "- name: c\n  cluster: %s\n"
		       "users:\n- name: y\n  user: {}\n- name: u\n  user: %s\n",
		       cluster, user);
	return text;
}

static struct kube_access must_parse(const char *cluster, const char *user)
{
	struct kube_access a = { 0 };
	struct err err;

	if (parse(config_with(cluster, user), &a, &err) < 0)
		fail_msg("%s", err.msg);
	return a;
}

static void expect_refused(const char *text, const char *part)
{
	struct kube_access a = { 0 };
	struct err err;

	assert_int_equal(parse(text, &a, &err), -EINVAL);
	if (!strstr(err.msg, part))
		fail_msg("'%s' is not in: %s", part, err.msg);
	assert_null(a.server);
}

static void the_current_context_counts(void **state)
{
	struct kube_access a =
		must_parse("{server: 'https://10.0.0.1:6443/', certificate-authority-data: Q0E=}",
			   "{token: secret}");

	(void)state;
	assert_string_equal(a.server, "https://10.0.0.1:6443");
	assert_string_equal(a.ca.text, "CA");
	assert_string_equal(a.token.text, "secret");
	assert_null(a.cert.text);
	assert_null(a.proxy);
	kube_access_clear(&a);
	assert_null(a.server);
}

static void a_path_of_the_server_stays(void **state)
{
	struct kube_access a = must_parse(
		"{server: 'https://h/k8s/clusters/c-1', proxy-url: 'http://p:3128'}", "{}");

	(void)state;
	assert_string_equal(a.server, "https://h/k8s/clusters/c-1");
	assert_string_equal(a.proxy, "http://p:3128");
	kube_access_clear(&a);
}

static void files_are_relative_to_the_kubeconfig(void **state)
{
	struct kube_access a;

	(void)state;
	put("ca.crt", "the ca\n");
	put("me.crt", "the cert\n");
	put("me.key", "the key\n");
	put("token", "the token\n");
	a = must_parse(
		"{server: 'https://h', certificate-authority: ca.crt}",
		"{tokenFile: token, token: old, client-certificate: me.crt, client-key: me.key}");
	assert_string_equal(a.ca.text, "the ca");
	assert_string_equal(a.token.text, "the token");
	assert_string_equal(a.cert.text, "the cert");
	assert_string_equal(a.key.text, "the key");
	kube_access_clear(&a);
}

static void data_wins_over_a_file(void **state)
{
	struct kube_access a = must_parse(
		"{server: 'https://h', certificate-authority: /nowhere, certificate-authority-data: Q0E=}",
		"{client-certificate-data: Yw==, client-key-data: aw==}");

	(void)state;
	assert_string_equal(a.ca.text, "CA");
	assert_string_equal(a.cert.text, "c");
	assert_string_equal(a.key.text, "k");
	kube_access_clear(&a);
}

static void what_would_weaken_the_check_is_refused(void **state)
{
	(void)state;
	expect_refused(config_with("{server: 'https://h', insecure-skip-tls-verify: true}", "{}"),
		       "config:12: key 'insecure-skip-tls-verify' is not supported: the server's "
		       "certificate is always checked");
	expect_refused(config_with("{server: 'http://h'}", "{}"), "allowed: https://HOST");
	expect_refused(config_with("{server: 'https://user:pw@h'}", "{}"), "allowed: https://HOST");
	expect_refused(config_with("{server: 'https://h', tls-server-name: x}", "{}"),
		       "'tls-server-name'");
}

static void an_explicit_false_is_fine(void **state)
{
	struct kube_access a =
		must_parse("{server: 'https://h', insecure-skip-tls-verify: false}", "{}");

	(void)state;
	kube_access_clear(&a);
}

static void programs_and_plugins_are_refused(void **state)
{
	(void)state;
	expect_refused(config_with("{server: 'https://h'}", "{exec: {command: aws}}"),
		       "config:17: key 'exec' is not supported: the agent starts no programs");
	expect_refused(config_with("{server: 'https://h'}", "{auth-provider: {name: gcp}}"),
		       "'auth-provider'");
	expect_refused(config_with("{server: 'https://h'}", "{username: a, password: b}"),
		       "'username'");
	expect_refused(config_with("{server: 'https://h'}", "{as: admin}"), "'as'");
}

static void what_is_missing_is_named(void **state)
{
	(void)state;
	expect_refused("{}", "key 'current-context' is missing");
	expect_refused("current-context: a\n", "'contexts' has no entry 'a' with a map 'context'");
	expect_refused("current-context: a\ncontexts: [{name: a, context: {user: u}}]\n",
		       "key 'cluster' of context 'a' is missing");
	expect_refused(
		"current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\n",
		"'clusters' has no entry 'c'");
	expect_refused(config_with("{}", "{}"), "key 'server' of the cluster is missing");
	expect_refused(config_with("{server: 'https://h'}", "{client-key-data: aw==}"),
		       "has 'client-key' without 'client-certificate'");
}

static void wrong_types_are_named(void **state)
{
	(void)state;
	expect_refused("- a\n", "it is no kubeconfig");
	expect_refused("current-context: 7\n",
		       "key 'current-context': got a number, allowed: a string");
	expect_refused(config_with("{server: ['https://h']}", "{}"), "key 'server': got a list");
	expect_refused(config_with("{server: 'https://h', certificate-authority-data: '?'}", "{}"),
		       "key 'certificate-authority-data': not base64");
	expect_refused(config_with("[]", "{}"), "'clusters' has no entry 'c' with a map 'cluster'");
}

static void a_file_that_is_not_there_is_named(void **state)
{
	struct kube_access a = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(
		parse(config_with("{server: 'https://h', certificate-authority: none}", "{}"), &a,
		      &err),
		-ENOENT);
	assert_non_null(strstr(err.msg, "certificate-authority: read '"));
	assert_int_equal(kube_access_kubeconfig("/nowhere/config", &a, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "key 'kubeconfig': "));
}

static void in_a_cluster_the_service_account_is_used(void **state)
{
	struct kube_access a = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	(void)unsetenv("KUBERNETES_SERVICE_HOST");
	assert_int_equal(kube_access_in_cluster(&a, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "this is no pod"));
	put("token", "abc\n");
	put("ca.crt", "CA\n");
	assert_int_equal(setenv(KUBE_ACCOUNT_ENV, dir, 1), 0);
	assert_int_equal(setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1), 0);
	assert_int_equal(setenv("KUBERNETES_SERVICE_PORT", "443", 1), 0);
	if (kube_access_in_cluster(&a, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(a.server, "https://[fd00::1]:443");
	assert_string_equal(a.token.text, "abc");
	assert_string_equal(a.ca.text, "CA");
	kube_access_clear(&a);
	assert_int_equal(setenv("KUBERNETES_SERVICE_PORT", "https", 1), 0);
	assert_int_equal(kube_access_in_cluster(&a, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "KUBERNETES_SERVICE_PORT is 'https'"));
}

static void a_rotated_token_is_read_again(void **state)
{
	struct kube_text t = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	put("token", "first\n");
	assert_int_equal(kube_text_open(&t, strdup(path_of("token")), "token", &err), 0);
	kube_text_renew(&t, "token");
	assert_string_equal(t.text, "first");
	put("token", "second\n");
	kube_text_renew(&t, "token");
	assert_string_equal(t.text, "second");
	kube_text_clear(&t);
}

static void a_vanished_token_stays_in_use(void **state)
{
	struct kube_text t = { 0 };
	struct err err = ERR_INIT;

	(void)state;
	put("token", "first\n");
	assert_int_equal(kube_text_open(&t, strdup(path_of("token")), "token", &err), 0);
	assert_int_equal(unlink(path_of("token")), 0);
	log_set_level(LOG_LEVEL_ERROR);
	kube_text_renew(&t, "token");
	assert_true(t.warned);
	assert_string_equal(t.text, "first");
	put("token", "\n"); /* half written */
	kube_text_renew(&t, "token");
	assert_string_equal(t.text, "first");
	put("token", "third\n");
	kube_text_renew(&t, "token");
	assert_false(t.warned);
	log_set_level(LOG_LEVEL_INFO);
	assert_string_equal(t.text, "third");
	kube_text_clear(&t);
}

static void base64_follows_the_rfc(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: refused */
	} rows[] = {
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYg==", "foob" },
		{ "Zm9v\nYmFy\n", "foobar" },
		{ "Zm8=\n", "fo" },
		{ "", NULL },
		{ "Zg=", NULL },
		{ "Zg", NULL },
		{ "Z", NULL },
		{ "Zm9v=", NULL },
		{ "Zh==", NULL },
		{ "Zm9v!", NULL },
		{ "Zg==Zg==", NULL },
		{ "AA==", NULL },
		{ "Zm9=", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_free char *out = NULL;
		size_t len = 0;
		int r = base64_decode(rows[i].in, &out, &len);

		if (r != (rows[i].out ? 0 : -EINVAL))
			fail_msg("'%s': %d", rows[i].in, r);
		if (rows[i].out) {
			assert_string_equal(out, rows[i].out);
			assert_int_equal(len, strlen(rows[i].out));
		}
	}
}

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/smc-kubeconfig-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int drop_dir(void **state)
{
	static const char *const names[] = { "token", "ca.crt", "me.crt", "me.key" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(path_of(names[i]));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_current_context_counts),
		cmocka_unit_test(a_path_of_the_server_stays),
		cmocka_unit_test(files_are_relative_to_the_kubeconfig),
		cmocka_unit_test(data_wins_over_a_file),
		cmocka_unit_test(what_would_weaken_the_check_is_refused),
		cmocka_unit_test(an_explicit_false_is_fine),
		cmocka_unit_test(programs_and_plugins_are_refused),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(wrong_types_are_named),
		cmocka_unit_test(a_file_that_is_not_there_is_named),
		cmocka_unit_test(in_a_cluster_the_service_account_is_used),
		cmocka_unit_test(a_rotated_token_is_read_again),
		cmocka_unit_test(a_vanished_token_stays_in_use),
		cmocka_unit_test(base64_follows_the_rfc),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
