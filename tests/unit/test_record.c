/* SPDX-License-Identifier: Apache-2.0 */
/* Records in a folder of the test's own. */
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
#include <unistd.h>

#include <cmocka.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "node-agent/model/record.h"
#include "tests/unit/tree.h"

static char dir[64];
static int dir_fd = -1;
static struct err err;

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-record-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int drop_dir(void **state)
{
	(void)state;
	(void)close(dir_fd);
	return tree_remove(dir);
}

static struct record *sample(void)
{
	struct record *rec = calloc(1, sizeof(*rec));

	assert_non_null(rec);
	strcpy(rec->boot_id, "01234567-89ab-cdef-0123-456789abcdef");
	rec->phase = RECORD_COMMITTED;
	strcpy(rec->req.attachment.network, "net");
	strcpy(rec->req.attachment.container_id, "c1");
	strcpy(rec->req.attachment.ifname, "eth0");
	strcpy(rec->req.pod.namespace, "shop");
	strcpy(rec->req.pod.name, "redis-0");
	strcpy(rec->req.cgroup_path, "/kubepods/pod1");
	rec->req.n_interfaces = 1;
	strcpy(rec->req.interfaces[0].name, "eth0");
	rec->req.interfaces[0].n_ips = 1;
	assert_int_equal(inet_parse("10.1.0.2/24", &rec->req.interfaces[0].ips[0], &err), 0);
	rec->req.annotations = json_pack("{s:s}", "smc-cni.io/steer", "enabled");
	rec->cgroup_id = UINT64_MAX - 1;
	rec->cgroup_level = 3;
	rec->netns = (struct netns_id){ 4, 4026532221, UINT64_MAX };
	rec->wish = (struct wish){ .steer = true, .host = true, .ulp = STEER_ULP_DENY };
	rec->wish.netns.n_pnets = 1;
	strcpy(rec->wish.netns.pnets[0].ifname, "eth0");
	strcpy(rec->wish.netns.pnets[0].id, "NET0");
	rec->undo.n_sysctls = 1;
	strcpy(rec->undo.sysctls[0].name, "net.smc.wmem");
	strcpy(rec->undo.sysctls[0].value, "65536");
	return rec;
}

static void assert_same(const struct record *a, const struct record *b)
{
	json_auto_t *ja = record_to_json(a), *jb = record_to_json(b);

	assert_non_null(ja);
	assert_true(json_equal(ja, jb));
}

static void a_record_is_read_as_it_was_written(void **state)
{
	struct record *rec = sample(), *back = NULL, *copy = record_copy(rec);
	struct stat st;

	(void)state;
	assert_int_equal(record_write(dir_fd, rec, &err), 0);
	assert_int_equal(record_read(dir_fd, &rec->req.attachment, &back, &err), 0);
	assert_same(rec, back);
	assert_same(rec, copy);
	assert_true(back->netns.cookie == UINT64_MAX);
	assert_true(wish_equal(&rec->wish, &back->wish));
	assert_int_equal(fstatat(dir_fd, RECORD_DIR, &st, 0), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(record_remove(dir_fd, &rec->req.attachment, &err), 0);
	assert_int_equal(record_remove(dir_fd, &rec->req.attachment, &err), 0);
	record_free(back);
	assert_int_equal(record_read(dir_fd, &rec->req.attachment, &back, &err), -ENOENT);
	record_free(rec);
	record_free(copy);
}

static void the_record_of_another_attachment_is_not_overwritten(void **state)
{
	struct record *rec = sample(), *other = sample();
	char hash[WIRE_HASH_LEN], from[64], to[64];

	(void)state;
	strcpy(other->req.attachment.container_id, "c2");
	assert_int_equal(record_write(dir_fd, other, &err), 0);
	(void)snprintf(from, sizeof(from), RECORD_DIR "/%s.json",
		       wire_attachment_hash(&other->req.attachment, hash));
	(void)snprintf(to, sizeof(to), RECORD_DIR "/%s.json",
		       wire_attachment_hash(&rec->req.attachment, hash));
	/* As if the hashes were the same. */
	assert_int_equal(renameat(dir_fd, from, dir_fd, to), 0);
	assert_int_equal(record_create(dir_fd, rec, &err), -EEXIST);
	record_free(rec);
	record_free(other);
}

struct found {
	int n, bad;
	char why[512];
};

static void on_record(void *arg, struct record *rec)
{
	((struct found *)arg)->n++;
	record_free(rec);
}

static void on_bad(void *arg, const char *name, const char *why)
{
	struct found *found = arg;

	(void)name;
	found->bad++;
	(void)snprintf(found->why, sizeof(found->why), "%s", why);
}

/* Writes the sample with one member replaced, and expects it to be refused for `why`. */
static void assert_bad(const char *key, json_t *value, const char *why)
{
	struct record *rec = sample();
	json_auto_t *obj = record_to_json(rec);
	struct found found = { .n = 0 };
	auto_free char *text = NULL;

	json_object_set_new(obj, key, value);
	text = json_dumps(obj, 0);
	assert_int_equal(file_replace(dir_fd, RECORD_DIR "/x.json", text, strlen(text), 0600, &err),
			 0);
	assert_int_equal(record_each(dir_fd, on_record, on_bad, &found, &err), 0);
	assert_int_equal(found.bad, 1);
	if (!strstr(found.why, why))
		fail_msg("'%s' is not in '%s'", why, found.why);
	assert_int_equal(faccessat(dir_fd, RECORD_DIR "/x.json.bad", F_OK, 0), 0);
	assert_int_equal(faccessat(dir_fd, RECORD_DIR "/x.json", F_OK, 0), -1);
	record_free(rec);
}

static void a_bad_record_is_moved_aside_and_the_others_are_read(void **state)
{
	struct found found = { .n = 0 };
	struct record *rec = sample();

	(void)state;
	assert_int_equal(record_each(dir_fd, on_record, on_bad, &found, &err), 0);
	assert_int_equal(found.n, 0);
	assert_int_equal(record_write(dir_fd, rec, &err), 0);
	assert_int_equal(record_remove(dir_fd, &rec->req.attachment, &err), 0);
	assert_bad("version", json_integer(2), "'version' must be 1 to 1");
	assert_bad("version", json_null(), "'version' is required");
	assert_bad("phase", json_string("half"), "'phase' is 'half'");
	assert_bad("bootID", json_string(""), "'bootID' is required");
	assert_bad("netns", json_pack("{s:s}", "dev", "x"), "'dev' is 'x', no number");
	assert_bad("netns", json_null(), "'netns' is required");
	assert_bad("wish", json_pack("{s:i}", "ulp", 9), "'ulp' must be");
	assert_bad("undo", json_null(), "are required");
	assert_bad("request", json_object(), "attachment");
	assert_int_equal(record_write(dir_fd, rec, &err), 0);
	assert_int_equal(record_each(dir_fd, on_record, on_bad, &found, &err), 0);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.bad, 0);
	record_free(rec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_record_is_read_as_it_was_written, make_dir,
						drop_dir),
		cmocka_unit_test_setup_teardown(the_record_of_another_attachment_is_not_overwritten,
						make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(a_bad_record_is_moved_aside_and_the_others_are_read,
						make_dir, drop_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
