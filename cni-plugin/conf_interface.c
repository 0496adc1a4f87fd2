/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/conf_interface.h"

#include <errno.h>
#include <linux/if_link.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

/* As the kernel has it for Ethernet: ETH_MIN_MTU, ETH_MAX_MTU. */
#define MTU_MIN 68
#define MTU_MAX 65535
#define VLAN_MAX 4094 /* VLAN_VID_MASK - 1 */

struct choice {
	const char *text;
	int value;
};

static const struct choice kinds[] = {
	{ "veth", CONF_VETH },
	{ "ptp", CONF_PTP },
	{ "macvlan", CONF_MACVLAN },
	{ "ipvlan", CONF_IPVLAN },
	{ "host-device", CONF_HOST_DEVICE },
	{ "dummy", CONF_DUMMY },
	{ NULL, 0 },
};

/* The first one is the default. */
static const struct choice macvlan_modes[] = {
	{ "bridge", MACVLAN_MODE_BRIDGE },
	{ "private", MACVLAN_MODE_PRIVATE },
	{ "vepa", MACVLAN_MODE_VEPA },
	{ "passthru", MACVLAN_MODE_PASSTHRU },
	{ NULL, 0 },
};

static const struct choice ipvlan_modes[] = {
	{ "l2", IPVLAN_MODE_L2 },
	{ "l3", IPVLAN_MODE_L3 },
	{ "l3s", IPVLAN_MODE_L3S },
	{ NULL, 0 },
};

static int choose(const char *key, const char *text, const struct choice *choices, int *ret,
		  struct err *err)
{
	char allowed[128] = "";

	for (const struct choice *c = choices; c->text; c++) {
		if (!strcmp(text, c->text)) {
			*ret = c->value;
			return 0;
		}
		if (*allowed)
			strcat(allowed, c[1].text ? ", " : " and ");
		strcat(allowed, c->text);
	}
	return err_set(err, -EINVAL, "interface: '%s' is '%.64s'; allowed are %s", key, text,
		       allowed);
}

static int get_kind(const json_t *obj, struct conf_interface *ret, struct cni_error *e)
{
	const char *text = NULL;
	int kind = 0;
	int r = smc_json_need_string(obj, "interface", "kind", &text, &e->err);

	if (r < 0)
		return cni_fail(e, CNI_CONFIG, r);
	r = choose("kind", text, kinds, &kind, &e->err);
	ret->kind = (enum conf_kind)kind;
	return cni_fail(e, CNI_UNSUPPORTED, r);
}

static int get_mode(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	const struct choice *modes = ret->kind == CONF_MACVLAN ? macvlan_modes : ipvlan_modes;
	const char *text = modes->text;
	int r = smc_json_get_string(obj, "interface", "mode", &text, err);

	if (r < 0 || (ret->kind != CONF_MACVLAN && ret->kind != CONF_IPVLAN))
		return r;
	return choose("mode", text, modes, &ret->mode, err);
}

static int get_ifname(const json_t *obj, const char *key, const char *preset, char ret[IFNAMSIZ],
		      struct err *err)
{
	const char *name = preset;
	int r = smc_json_get_string(obj, "interface", key, &name, err);

	if (r < 0)
		return r;
	if ((*name || *preset) && !wire_ifname_valid(name))
		return err_set(err, -EINVAL,
			       "interface: '%s' is '%.64s'; allowed is an interface name: 1 to %d "
			       "printable characters without blank, '/' and ':'",
			       key, name, IFNAMSIZ - 1);
	strcpy(ret, name);
	return 0;
}

/* ---- host-device ---- */

static int get_pci(const json_t *obj, const char *where, const char *key, char *ret,
		   struct err *err)
{
	const char *text = "";
	int r = smc_json_get_string(obj, where, key, &text, err);

	if (r < 0 || *text == '\0')
		return r;
	if (!pci_name_valid(text))
		return err_set(err, -EINVAL,
			       "%s: '%s' is '%.64s'; allowed is a PCI address like 0000:03:00.1",
			       where, key, text);
	strcpy(ret, text);
	return 0;
}

static int get_device(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	if (get_ifname(obj, "device", "", ret->device, err) < 0 ||
	    get_pci(obj, "interface", "pciBusID", ret->pci, err) < 0)
		return -EINVAL;
	if (*ret->device && *ret->pci)
		return err_set(err, -EINVAL,
			       "interface: 'device' and 'pciBusID' exclude each other");
	return 0;
}

/* What the device plugin has chosen for this pod beats what is chosen for all. */
static int get_lent(const json_t *root, struct conf_interface *ret, struct err *err)
{
	json_t *runtime = NULL;
	char lent[PCI_NAME_MAX] = "";

	if (ret->kind != CONF_HOST_DEVICE)
		return 0;
	if (smc_json_get_object(root, "netconf", "runtimeConfig", &runtime, err) < 0 ||
	    get_pci(runtime, "runtimeConfig", "deviceID", lent, err) < 0)
		return -EINVAL;
	if (*lent) {
		strcpy(ret->pci, lent);
		ret->device[0] = '\0';
	}
	return 0;
}

int conf_interface_check_add(const struct conf_interface *c, struct cni_error *e)
{
	if (c->has_bandwidth)
		return cni_fail(
			e, CNI_UNSUPPORTED,
			err_set(&e->err, -EINVAL,
				"runtimeConfig: 'bandwidth' is set; the plugin limits none: "
				"use the plugin 'bandwidth' behind it"));
	if (c->kind == CONF_HOST_DEVICE && !*c->device && !*c->pci)
		return cni_fail(e, CNI_CONFIG,
				err_set(&e->err, -EINVAL,
					"interface: kind host-device needs 'device', 'pciBusID' or "
					"'deviceID' in runtimeConfig"));
	return 0;
}

/* ---- all together ---- */

static int get_switches(const json_t *obj, struct conf_interface *ret, struct err *err)
{
	const struct {
		const char *key;
		bool *value;
	} switches[] = {
		{ "isGateway", &ret->is_gateway },
		{ "isDefaultGateway", &ret->is_default_gateway },
		{ "hairpin", &ret->hairpin },
		{ "rdma", &ret->rdma },
	};
	int64_t vlan = 0;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++) {
		r = smc_json_get_bool(obj, "interface", switches[i].key, switches[i].value, err);
		if (r < 0)
			return r;
	}
	r = smc_json_get_int(obj, "interface", "vlan", 1, VLAN_MAX, &vlan, err);
	if (r < 0)
		return r;
	ret->vlan = ret->kind == CONF_VETH ? (int)vlan : 0;
	if (ret->vlan && (ret->is_gateway || ret->is_default_gateway))
		return err_set(
			err, -EINVAL,
			"interface: 'vlan' and 'isGateway' exclude each other: the gateway of a "
			"VLAN is not the bridge");
	if (ret->rdma && ret->kind != CONF_HOST_DEVICE)
		return err_set(
			err, -EINVAL,
			"interface: 'rdma' is true; allowed with another kind than host-device "
			"is false: in the RDMA netns mode shared its pods use the host's");
	if (ret->kind != CONF_VETH && (ret->is_gateway || ret->hairpin))
		return err_set(err, -EINVAL,
			       "interface: '%s' is true; allowed with another kind than veth is "
			       "false",
			       ret->is_gateway ? "isGateway" : "hairpin");
	if (ret->is_default_gateway && ret->kind == CONF_VETH)
		ret->is_gateway = true;
	return 0;
}

/* Other verbs than ADD want to find the device, and nothing else. */
static int get_pod(const json_t *root, bool adding, struct conf_interface *ret, struct err *err)
{
	int r = get_lent(root, ret, adding ? err : NULL);

	if (!adding)
		return 0;
	return r < 0 ? r : conf_interface_take_pod(root, ret, err);
}

int conf_interface_parse(const json_t *root, bool adding, struct conf_interface *ret,
			 struct cni_error *e)
{
	json_t *obj = NULL;
	int64_t mtu = 0;
	bool masq = false;
	int r = smc_json_get_object(root, "netconf", "interface", &obj, &e->err);

	if (r <= 0)
		return cni_fail(e, CNI_CONFIG, r);
	r = get_kind(obj, ret, e);
	if (r < 0)
		return r;
	if (smc_json_get_bool(obj, "interface", "ipMasq", &masq, &e->err) < 0 ||
	    smc_json_get_int(obj, "interface", "mtu", MTU_MIN, MTU_MAX, &mtu, &e->err) < 0 ||
	    get_ifname(obj, "bridge", "cni0", ret->bridge, &e->err) < 0 ||
	    get_ifname(obj, "master", "", ret->master, &e->err) < 0 ||
	    get_mode(obj, ret, &e->err) < 0 || get_switches(obj, ret, &e->err) < 0 ||
	    get_device(obj, ret, &e->err) < 0 || conf_interface_take_mac(obj, ret, &e->err) < 0 ||
	    get_pod(root, adding, ret, &e->err) < 0)
		return cni_fail(e, CNI_CONFIG, -EINVAL);
	if (masq)
		return cni_fail(e, CNI_UNSUPPORTED,
				err_set(&e->err, -EINVAL,
					"interface: 'ipMasq' is true; allowed is false"));
	ret->mtu = (int)mtu;
	return 1;
}
