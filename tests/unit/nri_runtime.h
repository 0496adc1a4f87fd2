/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of NRI in small: it listens, calls a plugin, and looks at each byte of the
 * answers. What fails, or does not come in time, ends the test. */
#ifndef SMC_TEST_NRI_RUNTIME_H
#define SMC_TEST_NRI_RUNTIME_H

#include "tests/unit/pb_bytes.h"

#include <stdbool.h>

#define NRI_SERVICE "nri.pkg.api.v1alpha1.Plugin"

struct nri_runtime {
	const char *path;
	int listen_fd, fd; /* -1: closed */
	uint32_t call; /* of the last call */
	void (*pump)(void *arg); /* called while it waits: what the plugin's side needs; or NULL */
	void *arg;
};

struct nri_message {
	uint32_t conn, call;
	uint8_t type, flags;
	size_t len;
	uint8_t data[4096];
};

void nri_runtime_listen(struct nri_runtime *r, const char *path);
bool nri_runtime_is_called(const struct nri_runtime *r); /* somebody waits to be accepted */
void nri_runtime_accept(struct nri_runtime *r);
void nri_runtime_hang_up(struct nri_runtime *r); /* on the plugin */
void nri_runtime_end(struct nri_runtime *r);

/* One message, which must be one frame. */
void nri_runtime_take(struct nri_runtime *r, struct nri_message *ret);
/* True when the plugin has hung up; else a message is there, or nothing for wait_ms. */
bool nri_runtime_is_left(struct nri_runtime *r, int wait_ms);

/* Bytes as they are. */
void nri_runtime_send(struct nri_runtime *r, const void *data, size_t len);
/* A frame on the plugin's connection. */
void nri_runtime_frame(struct nri_runtime *r, uint32_t conn, const void *data, size_t len);
/* A call, as ttrpc's client writes it: header and message in frames of their own, and a message
 * that is longer than 4,096 bytes in several. Takes over the payload. Returns its number. */
uint32_t nri_runtime_call(struct nri_runtime *r, const char *method, struct pb_bytes *payload);
/* The answer to that call; payload goes to *ret. Returns the status code. */
int nri_runtime_answer(struct nri_runtime *r, uint32_t call, struct nri_message *ret);
/* Both; the answer must be OK. Returns what it has in that field. */
struct pb_found nri_runtime_ask(struct nri_runtime *r, const char *method, struct pb_bytes *payload,
				uint32_t field);

/* The plugin's registration is taken, and answered with this code. */
void nri_runtime_register(struct nri_runtime *r, int code, const char *text);
/* All until the plugin is there: accepted, registered, configured; without pods. */
void nri_runtime_begin(struct nri_runtime *r);

/* ---- messages: NRI 0.12's, and 0.6's where they differ ---- */

struct nri_pod {
	const char *id, *uid, *namespace, *name, *netns, *cgroup_parent;
};
struct nri_container {
	const char *id, *pod_id, *name, *cgroup;
	uint32_t pid;
	int state; /* 1 created, 3 running, 4 stopped */
};

struct pb_bytes nri_pod_bytes(const struct nri_pod *pod);
struct pb_bytes nri_container_bytes(const struct nri_container *c);
/* container may be NULL. */
struct pb_bytes nri_event_bytes(const struct nri_pod *pod, const struct nri_container *c);
struct pb_bytes nri_state_change_bytes(int event, const struct nri_pod *pod,
				       const struct nri_container *c);

/* A message of Synchronize: the containers cFROM to before cTO, ten to a pod, the first named app,
 * the last stopped; if there is no more to come, the pods, s0 to s99, which are like `pod`. */
struct pb_bytes nri_many_bytes(const struct nri_pod *pod, int from, int to, bool more);

#endif
