#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: smc-cni and the reference plugins keep the CNI specification with macvlan and ipvlan
# kernels: 6.12
# timeout: 3600
. "$(dirname "$0")/../lib.sh"

modprobe -a -q dummy veth macvlan ipvlan || : # built into our own kernel
# The other suites run natively, in `make conformance`; and so do the rules that no kind changes.
rules=add-result,add-interface,add-host-interfaces,add-addresses,add-routes,add-name-taken,add-twice
rules+=,add-two-names,add-concurrent,add-failed-leaves-nothing,del,del-netns-gone,del-interface-gone
rules+=,del-others-stay,check,check-interface,check-address,check-route,check-down,gc-living
rules+=,gc-by-interface,gc-other-network
export JOBS=1 OUT=$VM_OUT OPTIONS="--newest --only $rules"
"$TOP/tests/conformance/all" \
	smc-cni-macvlan smc-cni-ipvlan smc-cni-behind-macvlan smc-cni-behind-ipvlan macvlan ipvlan
