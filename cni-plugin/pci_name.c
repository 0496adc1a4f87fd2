/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/pci_name.h"

#include <string.h>

bool pci_name_valid(const char *text)
{
	static const char digits[] = "0123456789abcdef";

	return strlen(text) == 12 && strspn(text, digits) == 4 && text[4] == ':' &&
	       strspn(text + 5, digits) == 2 && text[7] == ':' && strspn(text + 8, digits) == 2 &&
	       text[10] == '.' && strspn(text + 11, digits) == 1;
}
