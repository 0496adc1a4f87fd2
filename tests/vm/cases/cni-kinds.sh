#!/bin/bash
# about: smc-cni makes, checks and removes interfaces of every kind, and nothing is left
# kernels: 6.12 7.3
# timeout: 1200
. "$(dirname "$0")/../lib.sh"

modprobe -a -q veth bridge macvlan ipvlan dummy || : # built into our own kernel
for kind in veth vlan ptp macvlan ipvlan host-device dummy; do
	step "kind $kind"
	"$TOP/build/tests/unit/test_cni_kinds" "$kind"
done
