/* SPDX-License-Identifier: Apache-2.0 */
/* How configurations and sysfs write the address of a PCI device. */
#ifndef SMC_PLUGIN_PCI_NAME_H
#define SMC_PLUGIN_PCI_NAME_H

#include <stdbool.h>

#define PCI_NAME_MAX 16 /* bytes with the NUL: "0000:03:00.1" */

/* "0000:03:00.1" */
bool pci_name_valid(const char *text);

#endif
