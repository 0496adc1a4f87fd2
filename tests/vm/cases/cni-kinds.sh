#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: smc-cni makes, checks and removes interfaces of kinds that not every kernel has; none stays
# kernels: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"

modprobe -a -q veth bridge macvlan ipvlan dummy || : # built into our own kernel
# The others are tested natively, in `make unit`.
for kind in vlan macvlan ipvlan dummy; do
	step "kind $kind"
	"$TOP/build/tests/program/test_cni_kinds" "$kind"
done
for kind in macvlan ipvlan; do
	step "announcements of kind $kind"
	"$TOP/build/tests/program/test_cni_announce" "$kind"
done
