/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI addresses of hostdev.h, read from sysfs, which shows the host's devices. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cni-plugin/hostdev.h"
#include "common/cleanup.h"
#include "common/file.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

/* "pf0vf3", "pf1sf88", "c1pf0vf2" (net/core/devlink.c, devlink_port_phys_port_name_get). */
static bool is_representor(const char *name)
{
	auto_free char *port = NULL;
	char path[64 + NAME_MAX];

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/phys_port_name", name);
	if (file_read(AT_FDCWD, path, 64, &port, NULL, NULL) < 0)
		return false;
	return strstr(port, "pf") && (strstr(port, "vf") || strstr(port, "sf"));
}

/* The first device that folder `net` lists; false if there is none. */
static bool first_netdev(const char *path, char ret[IFNAMSIZ])
{
	auto_closedir DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!wire_ifname_valid(entry->d_name) || is_representor(entry->d_name))
			continue;
		strcpy(ret, entry->d_name);
		return true;
	}
	return false;
}

/* A virtio device is one level below: .../virtio3/net/eth0. */
static bool first_virtio_netdev(const char *path, char ret[IFNAMSIZ])
{
	auto_closedir DIR *dir = opendir(path);
	const struct dirent *entry;
	char below[PATH_MAX];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "virtio", strlen("virtio")) != 0)
			continue;
		(void)snprintf(below, sizeof(below), "%s/%s/net", path, entry->d_name);
		if (first_netdev(below, ret))
			return true;
	}
	return false;
}

int hostdev_at_pci(const char *pci, char ret[IFNAMSIZ], struct err *err)
{
	char path[sizeof(PCI_DEVICES) + PCI_NAME_MAX + sizeof("/net")];

	(void)snprintf(path, sizeof(path), PCI_DEVICES "/%s", pci);
	if (access(path, F_OK) < 0)
		return err_set(err, -ENODEV, "there is no PCI device '%s'", pci);
	if (first_virtio_netdev(path, ret))
		return 0;
	(void)snprintf(path, sizeof(path), PCI_DEVICES "/%s/net", pci);
	if (first_netdev(path, ret))
		return 0;
	return err_set(err, -ENODEV,
		       "PCI device '%s' has no network device on the host: it has another driver, "
		       "or is in a pod",
		       pci);
}

void hostdev_pci_of(const char *name, char ret[PCI_NAME_MAX])
{
	char path[64], real[PATH_MAX], *last;

	*ret = '\0';
	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	if (!realpath(path, real))
		return;
	last = strrchr(real, '/');
	if (!strncmp(last, "/virtio", strlen("/virtio"))) {
		*last = '\0';
		last = strrchr(real, '/');
	}
	if (pci_name_valid(last + 1))
		strcpy(ret, last + 1);
}
