/* SPDX-License-Identifier: Apache-2.0 */
/* The life of the connection: registered, told all, told what is new; and back after each end. */
#include "node-agent/nri/nri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/agent/job.h"
#include "node-agent/nri/call.h"
#include "node-agent/nri/impl.h"
#include "node-agent/nri/nri.pb-c.h"

#define PLUGIN_NAME "smc-cni"
#define PLUGIN_INDEX \
	"90" /* behind those that adjust containers: two digits, the order of plugins */
#define REGISTER_CALL 1 /* the first call of the side that connects, and our only one */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 30000
/* The runtime gives a plugin 5 s to register and 2 s for an answer: who takes longer himself has
 * stopped. */
#define PATIENCE_MS 10000

/* ---- what is told to others ---- */

/* Without it nobody misses the socket. */
static bool is_absent(const struct nri *nri, int rc)
{
	return !nri->agent->config->nri_named && (rc == -ENOENT || rc == -ECONNREFUSED);
}

static void tell_trouble(struct nri *nri, int rc, const struct err *why)
{
	if (!strcmp(nri->said, why->msg))
		return;
	(void)snprintf(nri->said, sizeof(nri->said), "%s", why->msg);
	if (is_absent(nri, rc))
		log_info("the runtime tells nothing by NRI", "why", why->msg);
	else
		log_warn("the runtime tells nothing by NRI, trying again", "err", why->msg);
	(void)job_nri(nri->agent, rc, why);
}

static void tell_ready(struct nri *nri)
{
	const struct agent_runtime *runtime = &nri->agent->runtime;
	char n[16];

	nri->said[0] = '\0';
	(void)snprintf(n, sizeof(n), "%d", nri->agent->sandboxes->n_containers);
	log_info("the runtime tells of containers by NRI", "runtime", runtime->name, "version",
		 runtime->version, "nri", runtime->nri_version[0] ? runtime->nri_version : NULL,
		 "containers", n);
	(void)job_nri(nri->agent, 0, NULL);
}

/* ---- the end of a connection ---- */

/* What was told stays: it is what is known. */
static void lost(struct nri *nri, int rc, const struct err *why)
{
	int64_t now = clock_now_ms();

	conn_close(&nri->conn);
	loop_disarm(&nri->patience);
	held_forget(nri);
	sandbox_table_free(TAKE_PTR(nri->coming));
	if (nri->ready_ms && now - nri->ready_ms >= RETRY_MAX_MS)
		nri->delay_ms = RETRY_MIN_MS;
	nri->ready_ms = 0;
	nri->agent->runtime = (struct agent_runtime){ .name = "" };
	tell_trouble(nri, rc, why);
	loop_arm(nri->agent->loop, &nri->retry, now + nri->delay_ms);
	nri->delay_ms = 2 * nri->delay_ms < RETRY_MAX_MS ? 2 * nri->delay_ms : RETRY_MAX_MS;
}

static void on_over(void *arg, const struct err *why)
{
	lost(arg, -ECONNRESET, why);
}

static void on_patience(void *arg)
{
	struct nri *nri = arg;
	struct err why = ERR_INIT;

	(void)err_set(&why, -ETIMEDOUT, "the runtime did not go on with %s for %d s",
		      nri->ready_ms ? "a message" : "the registration", PATIENCE_MS / 1000);
	lost(nri, -ETIMEDOUT, &why);
}

/* ---- what comes ---- */

/* The only answer that we wait for. */
static int on_registered(struct nri *nri, const struct ttrpc_message *message, struct err *err)
{
	Nri__Response *response;
	int r;

	if (message->type != TTRPC_RESPONSE || message->call != REGISTER_CALL)
		return 0;
	r = pb_unpack(&nri->pb, &nri__response__descriptor, message->data, message->len, &response,
		      err);
	if (r < 0)
		return r;
	if (response->status && response->status->code)
		r = err_set(err, -EPERM, "the runtime refuses the registration: %s (code %d)",
			    response->status->message, response->status->code);
	pb_free(&nri->pb, response);
	return r;
}

/* Types of messages that are not known yet are passed over, as ttrpc has it. */
static int on_message(void *arg, uint32_t conn, const struct ttrpc_message *message,
		      struct err *err)
{
	struct nri *nri = arg;

	loop_disarm(&nri->patience); /* until the end of this turn */
	if (conn == MUX_RUNTIME_CONN)
		return on_registered(nri, message, err);
	return message->type == TTRPC_REQUEST ? methods_call(nri, message, err) : 0;
}

/* A whole message starts the time anew, a piece of one does not. */
static void on_turn(void *arg)
{
	struct nri *nri = arg;
	bool owed = !nri->ready_ms || conn_midway(&nri->conn);

	if (!owed)
		loop_disarm(&nri->patience);
	else if (!nri->patience.due_ms)
		loop_arm(nri->agent->loop, &nri->patience, clock_now_ms() + PATIENCE_MS);
}

void nri_ready(struct nri *nri)
{
	sandbox_table_free(nri->agent->sandboxes);
	nri->agent->sandboxes = TAKE_PTR(nri->coming);
	nri->ready_ms = clock_now_ms();
	nri->agent->runtime_tells = true; /* and stays so: what was told counts while it is away */
	held_tell_all(nri);
	tell_ready(nri);
}

void nri_answer_empty(struct nri *nri, uint32_t call)
{
	Nri__Event empty = NRI__EVENT__INIT;
	struct err err = ERR_INIT;
	uint8_t buf[CALL_MAX];
	int r = conn_send(&nri->conn, buf, call_answer(buf, call, &empty.base), &err);

	if (r < 0)
		lost(nri, r, &err);
}

/* ---- what the agent has done ---- */

static void on_pod_done(void *arg, struct attach *a, enum reconcile_action action, int rc,
			const struct err *err)
{
	struct nri *nri = arg;

	(void)action;
	(void)rc;
	(void)err;
	held_tell_again(nri, a);
	held_look(nri);
}

static void on_held_timer(void *arg)
{
	held_look(arg);
}

/* ---- the beginning ---- */

static int ask_for_registration(struct nri *nri, struct err *err)
{
	Nri__RegisterPluginRequest request = NRI__REGISTER_PLUGIN_REQUEST__INIT;
	char name[] = PLUGIN_NAME, index[] = PLUGIN_INDEX;
	uint8_t buf[CALL_MAX];

	request.plugin_name = name;
	request.plugin_idx = index;
	return conn_send(&nri->conn, buf,
			 call_ask(buf, REGISTER_CALL, "RegisterPlugin", &request.base), err);
}

static void begin(void *arg)
{
	struct nri *nri = arg;
	struct err err = ERR_INIT;
	int r = conn_open(&nri->conn, nri->agent->config->nri, &err);

	nri->complained = false;
	if (r == 0)
		r = ask_for_registration(nri, &err);
	if (r < 0)
		lost(nri, r, &err);
	else
		on_turn(nri);
}

int nri_new(struct agent *agent, struct nri **ret, struct err *err)
{
	struct nri *nri;

	*ret = NULL;
	if (!agent->config->nri[0])
		return 0;
	nri = calloc(1, sizeof(*nri));
	if (!nri)
		return err_sys(err, ENOMEM, "connect to the runtime");
	nri->agent = agent;
	nri->delay_ms = RETRY_MIN_MS;
	nri->conn.loop = agent->loop;
	nri->conn.watch.fd = -1;
	nri->conn.message = on_message;
	nri->conn.turn = on_turn;
	nri->conn.over = on_over;
	nri->conn.arg = nri;
	nri->listener = (struct listener){ .pod_done = on_pod_done, .arg = nri };
	nri->held_timer = (struct loop_timer){ .fn = on_held_timer, .arg = nri };
	nri->retry = (struct loop_timer){ .fn = begin, .arg = nri };
	nri->patience = (struct loop_timer){ .fn = on_patience, .arg = nri };
	pb_init(&nri->pb);
	loop_arm(agent->loop, &nri->retry, clock_now_ms());
	listen_begin(agent, &nri->listener);
	*ret = nri;
	return 0;
}

void nri_free(struct nri *nri)
{
	if (!nri)
		return;
	listen_end(nri->agent, &nri->listener);
	held_forget(nri);
	conn_close(&nri->conn);
	loop_disarm(&nri->retry);
	loop_disarm(&nri->patience);
	sandbox_table_free(nri->coming);
	free(nri);
}
