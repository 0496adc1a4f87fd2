/* SPDX-License-Identifier: Apache-2.0 */
/* The messages between plugin, smcctl and agent: one JSON object each, over a UNIX SOCK_SEQPACKET
 * socket.
 *
 * Every message carries "v" (WIRE_VERSION or the one before is accepted) and requests a "verb". A
 * reply has "ok": true, or "ok": false with "code" (below) and "error" (a sentence). One request at
 * a time a connection.
 *
 *  prepare  {attachment, pod, interfaces, cgroupPath, annotations} + netns descriptor
 *           -> {steer: bool, required: bool, why, netns: podnet}
 *           the agent has done the host's side
 *           With "commit": true, a pod for which nothing is to be done, in its netns or elsewhere,
 *           is committed at once: the reply has "committed": true, no commit follows, and DEL is
 *           the way back
 *  commit   {undo: podnet}   on the same connection -> {steered: bool}     the map entry, last
 *           A connection that ends between the two is rolled back by the agent.
 *           Both: "timeoutMs", how long the plugin is going to wait (2000); later the agent does
 *           not begin
 *  del      {attachment} [+ netns descriptor] -> {undo: podnet, netns: {dev, inode, cookie}}
 *           steering is off, the host's side is removed; undo is for that network namespace, and
 *           for no other that the plugin's path leads to by now
 *  check    {attachment} [+ netns descriptor] -> {netns: podnet} or ok=false naming what is missing
 *  node     {} -> {ready: bool, why}                                            for STATUS; cheap
 *  gc       {network, valid: [{containerID, ifname}]} -> {removed: n}
 *           A list that is too long for a message comes in a file (memfd_create(2)), whose
 *           descriptor is passed instead: {"valid": [...]}, up to WIRE_LIST_MAX bytes
 *  status   {} -> {node: {...}}, then one {pod: {...}} a message, then {end: true}
 *  flows    {} -> one {flow: {...}} a message (docs/flows-format.md), then {end: true}
 *
 * attachment = {network, containerID, ifname}; pod = {namespace, name, uid};
 * interface = {name, mac, ips: ["10.1.0.2/24"]}, those of the pod's netns only.
 */
#ifndef SMC_COMMON_WIRE_H
#define SMC_COMMON_WIRE_H

#include <jansson.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/inet.h"

#define WIRE_VERSION 1
/* Bytes; larger ones are refused. The kernel takes somewhat more (208 KiB, net.core.wmem_default).
 */
#define WIRE_MESSAGE_MAX (200 * 1024)
#define WIRE_LIST_MAX (2 * 1024 * 1024)

#define WIRE_DEFAULT_SOCKET "/run/smc-cni/agent.sock"
/* Beside the socket: what a plugin leaves for an agent that was away (one file an attachment, a
 * prepare message with "netnsPath", its "netnsCookie" as text, and "undo": what the plugin did
 * there), and the namespaces whose pods must not start unsteered (one a line, kept by the
 * agent). */
#define WIRE_PENDING_DIR "pending"
#define WIRE_REQUIRED_FILE "required-namespaces"
/* The plugin's own folder, wherever the agent's socket is. It holds the plugin's locks, and in
 * WIRE_PLUGIN_LENT what it has lent to pods. The agent removes the folder at a clean-up, and knows
 * nothing of what is in it. */
#define WIRE_PLUGIN_DIR "/run/smc-cni/plugin"
#define WIRE_PLUGIN_LOCK "lock"
#define WIRE_PLUGIN_LENT "lent"

#define WIRE_CODE_INVALID "invalid" /* the request is wrong; the error says what */
#define WIRE_CODE_REQUIRED "required" /* the pod requires steering and it cannot be had */
/* The agent cannot do it now; the pod may start on TCP. */
#define WIRE_CODE_UNAVAILABLE "unavailable"
#define WIRE_CODE_MISSING "missing" /* check: something that ADD made is gone */

#define WIRE_NAME_MAX 256
#define WIRE_INTERFACES_MAX 8
#define WIRE_IPS_MAX 16
#define WIRE_HASH_LEN 17 /* 16 hex digits and NUL */

struct wire_attachment { /* CNI specification: "Attachment" */
	char network[WIRE_NAME_MAX];
	char container_id[WIRE_NAME_MAX];
	char ifname[IFNAMSIZ];
};

struct wire_pod { /* "" where the runtime did not say */
	char namespace[WIRE_NAME_MAX];
	char name[WIRE_NAME_MAX];
	char uid[WIRE_NAME_MAX];
};

struct wire_interface {
	char name[IFNAMSIZ];
	char mac[18]; /* "aa:bb:cc:dd:ee:ff" or "" */
	int n_ips;
	struct inet_addr ips[WIRE_IPS_MAX];
};

struct wire_prepare {
	struct wire_attachment attachment;
	struct wire_pod pod;
	int n_interfaces;
	struct wire_interface interfaces[WIRE_INTERFACES_MAX];
	char cgroup_path[1024]; /* as kubelet names it, "" if unknown */
	/* Object of strings, only smc-cni.io/ keys and ANNOTATIONS_SIDECAR; owned; NULL if the
	 * runtime passed none. */
	json_t *annotations;
};

/* Leaves of a pod's annotations, as a runtime passes them, what goes into a message: ours, with
 * each NUL in them replaced, and that it has a mesh's sidecar (ANNOTATIONS_SIDECAR). Changes the
 * object; NULL and what is no object are left alone. -ENOMEM. */
int wire_keep_annotations(json_t *annotations, struct err *err);

void wire_prepare_clear(struct wire_prepare *p); /* drops what it owns */
/* With v and verb. This and the other makers of JSON return NULL when there is no memory (or a name
 * is not UTF-8). */
json_t *wire_prepare_to_json(const struct wire_prepare *p);
/* -EINVAL names the key. On success the caller clears *ret. */
int wire_prepare_from_json(const json_t *msg, struct wire_prepare *ret, struct err *err);

json_t *wire_attachment_to_json(const struct wire_attachment *a);
/* From the member "attachment" of msg. Names are checked as the CNI specification has them (network
 * and container id: [a-zA-Z0-9][a-zA-Z0-9_.-]*; ifname: valid to the kernel). */
int wire_attachment_from_json(const json_t *msg, struct wire_attachment *ret, struct err *err);

/* The two rules of wire_attachment_from_json(), for one name. */
bool wire_name_valid(const char *text);
bool wire_ifname_valid(const char *text);
/* All three names are the same. */
bool wire_attachment_same(const struct wire_attachment *a, const struct wire_attachment *b);
/* A short stable name of the attachment for files and links: FNV-1a over its three names. Somebody
 * who looks for collisions finds them, so whoever uses it must notice that the name is taken.
 * Returns buf. */
const char *wire_attachment_hash(const struct wire_attachment *a, char buf[WIRE_HASH_LEN]);

/* A request of the given verb, to be filled with json_object_set_new. */
json_t *wire_request(const char *verb);
json_t *wire_ok(void);
json_t *wire_error(const char *code, const char *text);
/* A JSON string of a message that may have been cut within a UTF-8 character: then '?' stands for
 * what is not ASCII. */
json_t *wire_text(const char *text);

/* Sends one message, with a descriptor if passed_fd >= 0. deadline_ms: CLOCK_MONOTONIC in ms;
 * -ETIMEDOUT. */
int wire_send(int sock, const json_t *msg, int passed_fd, int64_t deadline_ms, struct err *err);
/* Receives one message and at most one descriptor (*ret_fd -1 if none came; ret_fd NULL:
 * descriptors are closed). Checks size, JSON and version. 0, -ETIMEDOUT, -ECONNRESET when the other
 * side closed, -EPROTO for rubbish. Non-blocking use: deadline 0 gives -EAGAIN when nothing is
 * there. The caller owns *ret and *ret_fd. */
int wire_recv(int sock, json_t **ret, int *ret_fd, int64_t deadline_ms, struct err *err);

/* Client side. */
int wire_connect(const char *path, int64_t deadline_ms, struct err *err);
/* Request and reply; a reply with ok=false becomes -EREMOTEIO with its error text and *ret_code (if
 * wanted) pointing to one of the WIRE_CODE_ constants above. */
int wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms, json_t **ret,
	      const char **ret_code, struct err *err);
/* The second half of wire_call(), for a request that wire_send() has sent. */
int wire_answer(int sock, int64_t deadline_ms, json_t **ret, const char **ret_code,
		struct err *err);

#endif
