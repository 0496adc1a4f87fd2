/* Messages and transport over real sockets; the other side is this test. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

static struct err err;
static int pair[2];

static int open_pair(void **state)
{
	(void)state;
	err = ERR_INIT;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

static int close_pair(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			(void)close(pair[i]);
	}
	return 0;
}

static int64_t soon(void)
{
	return wire_now_ms() + 5000;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- names ---- */

static void names_are_those_of_the_cni_specification(void **state)
{
	static const char *const good[] = { "a", "0", "net-1", "A_b.c-d", "k8s-pod-network" };
	static const char *const bad[] = { "", "-a", ".a", "_a", "a/b", "a b", "a\nb", "\xc3\xa4", "a:b" };
	char text[WIRE_NAME_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(wire_name_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(wire_name_valid(bad[i]));
	memset(text, 'a', sizeof(text));
	text[WIRE_NAME_MAX - 1] = '\0';
	assert_true(wire_name_valid(text));
	text[WIRE_NAME_MAX - 1] = 'a';
	text[WIRE_NAME_MAX] = '\0';
	assert_false(wire_name_valid(text));
}

static void interface_names_are_those_of_the_kernel(void **state)
{
	static const char *const good[] = { "eth0", "a", "...", "net.1", "a-b_c@d", "123456789012345" };
	static const char *const bad[] = { "",	".",   "..",	"a/b", "a:b",
					   "a b", "a\n", "a\x7f", "1234567890123456" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(wire_ifname_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(wire_ifname_valid(bad[i]));
}

static void attachment_hash_tells_the_three_names_apart(void **state)
{
	const struct wire_attachment a[] = { { "net", "id", "eth0" },
					     { "neti", "d", "eth0" },
					     { "net", "ide", "th0" },
					     { "net", "id", "eth1" } };
	char hash[ARRAY_SIZE(a)][WIRE_HASH_LEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(a); i++) {
		assert_ptr_equal(wire_attachment_hash(&a[i], hash[i]), hash[i]);
		assert_int_equal(strspn(hash[i], "0123456789abcdef"), 16);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(hash[i], hash[k]);
	}
	/* Files and links bear it: it never changes. */
	assert_string_equal(hash[0], "35c0d8292ac64902");
}

/* ---- prepare ---- */

static const char full[] =
	"{\"v\":1,\"verb\":\"prepare\","
	"\"attachment\":{\"network\":\"net1\",\"containerID\":\"c1\",\"ifname\":\"eth0\"},"
	"\"pod\":{\"namespace\":\"ns\",\"name\":\"pod-1\",\"uid\":\"u-1\"},"
	"\"interfaces\":[{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\","
	"\"ips\":[\"10.1.0.2/24\",\"fd00::2/64\"]}],"
	"\"cgroupPath\":\"/kubepods/pod1\",\"annotations\":{\"smc-cni.io/steer\":\"enabled\"}}";

static void prepare_survives_the_way_to_json_and_back(void **state)
{
	json_auto_t *in = NULL;
	json_auto_t *out = NULL;
	struct wire_prepare p;

	(void)state;
	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &in, &err), 0);
	assert_int_equal(wire_prepare_from_json(in, &p, &err), 0);
	assert_string_equal(p.attachment.container_id, "c1");
	assert_string_equal(p.pod.name, "pod-1");
	assert_int_equal(p.n_interfaces, 1);
	assert_int_equal(p.interfaces[0].n_ips, 2);
	assert_int_equal(p.interfaces[0].ips[1].prefix_len, 64);
	assert_string_equal(p.cgroup_path, "/kubepods/pod1");
	out = wire_prepare_to_json(&p);
	assert_true(json_equal(in, out));
	wire_prepare_clear(&p);
	assert_null(p.annotations);
}

static void prepare_needs_the_attachment_only(void **state)
{
	static const char text[] = "{\"attachment\":{\"network\":\"n\",\"containerID\":\"c\",\"ifname\":\"e\"}}";
	json_auto_t *in = NULL;
	struct wire_prepare p;

	(void)state;
	assert_int_equal(smc_json_parse_object(text, strlen(text), "text", &in, &err), 0);
	assert_int_equal(wire_prepare_from_json(in, &p, &err), 0);
	assert_string_equal(p.pod.uid, "");
	assert_int_equal(p.n_interfaces, 0);
	assert_null(p.annotations);
	wire_prepare_clear(&p);
}

/* `json` replaces the member `key` of a good message. */
static void expect_refused(const char *key, const char *json, const char *message)
{
	json_auto_t *msg = NULL;
	struct wire_prepare p = { .n_interfaces = 77 };

	assert_int_equal(smc_json_parse_object(full, strlen(full), "text", &msg, &err), 0);
	assert_int_equal(json_object_set_new(msg, key, json_loads(json, JSON_DECODE_ANY, NULL)), 0);
	err = ERR_INIT;
	assert_int_equal(wire_prepare_from_json(msg, &p, &err), -EINVAL);
	assert_int_equal(p.n_interfaces, 77);
	if (!strstr(err.msg, message))
		fail_msg("'%s' is not in '%s'", message, err.msg);
}

static void prepare_names_the_key_that_is_wrong(void **state)
{
	static const struct {
		const char *key, *json, *message;
	} table[] = {
		{ "attachment", "null", "'attachment' is required" },
		{ "attachment", "[]", "'attachment' must be an object" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"c\"}", "'ifname' is required" },
		{ "attachment", "{\"network\":\"a/b\",\"containerID\":\"c\",\"ifname\":\"e\"}",
		  "'network' is 'a/b'; allowed" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"../c\",\"ifname\":\"e\"}",
		  "'containerID' is '../c'" },
		{ "attachment", "{\"network\":\"n\",\"containerID\":\"c\",\"ifname\":\"..\"}",
		  "'ifname' is '..'" },
		{ "pod", "{\"name\":\"a b\"}", "pod: 'name' is 'a b'" },
		{ "pod", "{\"uid\":1}", "pod: 'uid' must be a string" },
		{ "interfaces", "{}", "'interfaces' must be an array" },
		{ "interfaces", "[1]", "'interfaces' holds what is no object" },
		{ "interfaces", "[{},{},{},{},{},{},{},{},{}]", "9 entries; allowed are 8" },
		{ "interfaces", "[{\"name\":\"e\",\"mac\":\"02:00\"}]", "'mac' is '02:00'" },
		{ "interfaces", "[{\"name\":\"e\",\"ips\":[\"10.0.0.256/8\"]}]", "10.0.0.256" },
		{ "interfaces", "[{\"name\":\"e\",\"ips\":[1]}]", "'ips' holds what is no string" },
		{ "cgroupPath", "\"/a/../../etc\"", "'..' is not allowed" },
		{ "cgroupPath", "7", "'cgroupPath' must be a string" },
		{ "annotations", "{\"other.io/x\":\"y\"}", "'other.io/x' does not begin with" },
		{ "annotations", "{\"smc-cni.io/x\":true}", "'smc-cni.io/x' is no string" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		expect_refused(table[i].key, table[i].json, table[i].message);
}

static void error_text_that_was_cut_within_a_character_is_still_json(void **state)
{
	json_auto_t *msg = wire_error(WIRE_CODE_INVALID, "bad value '\xc3");

	(void)state;
	assert_string_equal(json_string_value(json_object_get(msg, "error")), "bad value '?");
}

/* ---- transport ---- */

static void message_and_descriptor_arrive(void **state)
{
	json_auto_t *sent = wire_request("node");
	json_auto_t *got = NULL;
	auto_close int fd = -1;
	struct stat a, b;

	(void)state;
	assert_int_equal(wire_send(pair[0], sent, STDERR_FILENO, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), 0);
	assert_true(json_equal(sent, got));
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(fstat(fd, &a), 0);
	assert_int_equal(fstat(STDERR_FILENO, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void without_a_descriptor_minus_one_is_told(void **state)
{
	json_auto_t *sent = wire_ok();
	json_auto_t *got = NULL;
	int fd = 5;

	(void)state;
	assert_int_equal(wire_send(pair[0], sent, -1, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), 0);
	assert_int_equal(fd, -1);
}

static void send_raw(const char *text, size_t len, int n_fds)
{
	union {
		char buf[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = { .buf = "" };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (n_fds > 0) {
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		*c = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS,
				       .cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int)) };
		for (int i = 0; i < n_fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &(int){ STDERR_FILENO }, sizeof(int));
	}
	assert_int_equal(sendmsg(pair[0], &mh, 0), len);
}

static void no_descriptor_stays_open_whatever_comes(void **state)
{
	static const char good[] = "{\"v\":1,\"ok\":true}", bad[] = "{\"v\":1,";
	json_auto_t *got = NULL;
	int before = count_fds(), fd = -1;

	(void)state;
	send_raw(good, strlen(good), 1);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), 0);
	send_raw(bad, strlen(bad), 1);
	assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), -EPROTO);
	for (int n = 2; n <= 8; n++) {
		send_raw(good, strlen(good), n);
		assert_int_equal(wire_recv(pair[1], &got, &fd, soon(), &err), -EPROTO);
		assert_non_null(strstr(err.msg, "more than one descriptor"));
	}
	assert_int_equal(fd, -1);
	assert_int_equal(count_fds(), before);
}

static void rubbish_and_other_versions_are_refused(void **state)
{
	static const char *const table[] = {
		"x",		"[]",	      "{}{}", "{\"v\":1,\"v\":1}", "{\"ok\":true}", "{\"v\":0}",
		"{\"v\":2}", "{\"v\":\"1\"}", "\xff", "{\"v\":1} x",
	};
	json_t *got = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		send_raw(table[i], strlen(table[i]), 0);
		assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -EPROTO);
		assert_null(got);
	}
}

static void messages_that_are_too_large_are_refused_on_both_sides(void **state)
{
	auto_free char *text = malloc(WIRE_MESSAGE_MAX + 2);
	json_auto_t *msg = wire_ok();
	json_t *got = NULL;

	(void)state;
	memset(text, ' ', WIRE_MESSAGE_MAX + 1);
	memcpy(text, "{\"v\":1}", 7);
	send_raw(text, WIRE_MESSAGE_MAX + 1, 0);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -EPROTO);
	assert_non_null(strstr(err.msg, "larger than 131072 bytes"));
	text[WIRE_MESSAGE_MAX + 1] = '\0';
	assert_int_equal(json_object_set_new(msg, "x", json_string(text)), 0);
	assert_int_equal(wire_send(pair[0], msg, -1, soon(), &err), -EMSGSIZE);
}

static void a_message_of_the_greatest_size_passes(void **state)
{
	auto_free char *text = calloc(1, WIRE_MESSAGE_MAX + 1);
	json_auto_t *msg = wire_ok();
	json_auto_t *got = NULL;

	(void)state;
	memset(text, 'x', WIRE_MESSAGE_MAX - strlen("{\"v\":1,\"ok\":true,\"x\":\"\"}"));
	assert_int_equal(json_object_set_new(msg, "x", json_string(text)), 0);
	assert_int_equal(wire_send(pair[0], msg, -1, soon(), &err), 0);
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), 0);
	assert_true(json_equal(msg, got));
}

static void the_end_of_the_other_side_is_told(void **state)
{
	json_auto_t *msg = wire_ok();
	json_t *got = NULL;

	(void)state;
	(void)close(pair[0]);
	pair[0] = -1;
	assert_int_equal(wire_recv(pair[1], &got, NULL, soon(), &err), -ECONNRESET);
	assert_int_equal(wire_send(pair[1], msg, -1, soon(), &err), -ECONNRESET);
}

static void silence_ends_at_the_deadline(void **state)
{
	json_t *got = NULL;
	int64_t start = wire_now_ms();

	(void)state;
	assert_int_equal(wire_recv(pair[1], &got, NULL, 0, &err), -EAGAIN);
	assert_int_equal(wire_recv(pair[1], &got, NULL, start - 1, &err), -ETIMEDOUT);
	assert_int_equal(wire_recv(pair[1], &got, NULL, start + 50, &err), -ETIMEDOUT);
	assert_true(wire_now_ms() >= start + 50);
}

static void a_full_socket_ends_at_the_deadline(void **state)
{
	json_auto_t *msg = wire_ok();
	int r;

	(void)state;
	do
		r = wire_send(pair[0], msg, -1, 0, &err);
	while (r == 0);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(wire_send(pair[0], msg, -1, wire_now_ms() + 50, &err), -ETIMEDOUT);
}

/* ---- client ---- */

static int call_with_reply(const char *reply, const char **ret_code)
{
	json_auto_t *request = wire_request("node");
	json_auto_t *got = NULL;

	assert_int_equal(send(pair[0], reply, strlen(reply), 0), strlen(reply));
	return wire_call(pair[1], request, -1, soon(), &got, ret_code, &err);
}

static void refusals_carry_code_and_sentence(void **state)
{
	const char *code = NULL;

	(void)state;
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":true,\"ready\":true}", &code), 0);
	assert_null(code);
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":false,\"code\":\"required\",\"error\":\"no hook\"}",
					 &code),
			 -EREMOTEIO);
	assert_string_equal(code, WIRE_CODE_REQUIRED);
	assert_string_equal(err.msg, "no hook");
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":false,\"code\":\"later\"}", &code), -EREMOTEIO);
	assert_string_equal(code, WIRE_CODE_UNAVAILABLE);
	assert_int_equal(call_with_reply("{\"v\":1}", &code), -EPROTO);
	assert_int_equal(call_with_reply("{\"v\":1,\"ok\":\"yes\"}", &code), -EPROTO);
}

static void connect_names_the_socket_that_is_missing(void **state)
{
	char path[200];

	(void)state;
	assert_int_equal(wire_connect("/nonexistent/agent.sock", soon(), &err), -ENOENT);
	assert_string_equal(err.msg, "connect to '/nonexistent/agent.sock': No such file or directory");
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(wire_connect(path, soon(), &err), -ENAMETOOLONG);
}

static void a_listener_that_never_accepts_ends_at_the_deadline(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/test_wire.XXXXXX";
	auto_close int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int fds[8], n = 0, r;

	(void)state;
	assert_non_null(mkdtemp(dir));
	(void)snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/s", dir);
	assert_int_equal(bind(listener, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(listener, 0), 0);
	while ((r = wire_connect(sun.sun_path, wire_now_ms() + 50, &err)) >= 0) {
		assert_true(n < 8);
		fds[n++] = r;
	}
	assert_int_equal(r, -ETIMEDOUT);
	assert_true(n >= 1);
	while (n > 0)
		(void)close(fds[--n]);
	(void)unlink(sun.sun_path);
	(void)rmdir(dir);
}

#define PAIR_TEST(f) cmocka_unit_test_setup_teardown(f, open_pair, close_pair)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_cni_specification),
		cmocka_unit_test(interface_names_are_those_of_the_kernel),
		cmocka_unit_test(attachment_hash_tells_the_three_names_apart),
		cmocka_unit_test(prepare_survives_the_way_to_json_and_back),
		cmocka_unit_test(prepare_needs_the_attachment_only),
		cmocka_unit_test(prepare_names_the_key_that_is_wrong),
		cmocka_unit_test(error_text_that_was_cut_within_a_character_is_still_json),
		PAIR_TEST(message_and_descriptor_arrive),
		PAIR_TEST(without_a_descriptor_minus_one_is_told),
		PAIR_TEST(no_descriptor_stays_open_whatever_comes),
		PAIR_TEST(rubbish_and_other_versions_are_refused),
		PAIR_TEST(messages_that_are_too_large_are_refused_on_both_sides),
		PAIR_TEST(a_message_of_the_greatest_size_passes),
		PAIR_TEST(the_end_of_the_other_side_is_told),
		PAIR_TEST(silence_ends_at_the_deadline),
		PAIR_TEST(a_full_socket_ends_at_the_deadline),
		PAIR_TEST(refusals_carry_code_and_sentence),
		PAIR_TEST(connect_names_the_socket_that_is_missing),
		PAIR_TEST(a_listener_that_never_accepts_ends_at_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
