/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/error.h"

#include <errno.h>

#include "common/wire.h"

static const char *title(int code)
{
	switch ((enum cni_code)code) {
	case CNI_VERSION:
		return "incompatible CNI version";
	case CNI_UNSUPPORTED:
		return "unsupported field in the network configuration";
	case CNI_NO_CONTAINER:
		return "container unknown";
	case CNI_ENVIRONMENT:
		return "invalid environment variable";
	case CNI_IO:
		return "network configuration cannot be read";
	case CNI_DECODE:
		return "network configuration cannot be decoded";
	case CNI_CONFIG:
		return "invalid network configuration";
	case CNI_TRY_AGAIN:
		return "try again later";
	case CNI_NOT_READY:
	case CNI_LIMITED:
		return "plugin is not available";
	case CNI_INTERNAL:
		return "internal failure";
	case CNI_INTERFACE:
		return "interface cannot be configured";
	case CNI_IPAM:
		return "IPAM plugin failed";
	case CNI_MISSING:
		return "container's network is not as it was set up";
	case CNI_AGENT:
		return "node agent failed";
	}
	return "failure";
}

void cni_error_clear(struct cni_error *e)
{
	json_decref(e->delegated);
	e->delegated = NULL;
}

int cni_fail(struct cni_error *e, enum cni_code code, int rc)
{
	if (rc < 0 && e->code == 0)
		e->code = rc == -ENOMEM ? CNI_INTERNAL : code;
	return rc;
}

json_t *cni_error_to_json(const struct cni_error *e, const char *cni_version)
{
	int code = e->code ? e->code : CNI_INTERNAL;

	if (e->delegated)
		return json_incref(e->delegated);
	return json_pack("{s:s, s:i, s:s, s:o}", "cniVersion", cni_version, "code", code, "msg",
			 title(code), "details", wire_text(e->err.msg));
}
