# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
# For the cases about offers, sourced first: . "$(dirname "$0")/../offer.sh"
# lib.sh, and the network namespaces `a` (10.9.0.1) and `b` (10.9.0.2) with eth0 between them, $a
# and $b by path; SMC can be had where the kernel has a device. ctl COMMAND...: see progs/offerctl.c
# shellcheck source=tests/vm/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

progs=$TOP/build/tests/vm/progs
a=/run/netns/a b=/run/netns/b

# One process for all: loading programs takes an emulated machine seconds.
coproc CTL { exec "$progs/offerctl" 2>&1; }
exec {answer}<&"${CTL[0]}" {ask}>&"${CTL[1]}" # subshells have no coprocess
ctl() { asked "$ask" "$answer" "$@"; }
ctl_end() { kill "$CTL_PID"; wait "$CTL_PID"; }

request() { /usr/bin/python3 -I -S "$TOP/tests/vm/smc-request" "$@"; }

if [ ! -e /run/netns ]; then
	at_exit eval 'umount /run/netns; rmdir /run/netns' # a mount point from the first on
fi
work=$(mktemp -d)
at_exit rm -r "$work"
at_exit rm -rf /sys/fs/bpf/smc-cni
at_exit ctl_end
modprobe -qa smc 8021q || : # built into the kernel that has no modules
if modprobe -q ipip; then
	at_exit eventually 20 modprobe -r ipip # with tunl0, once the namespaces are gone
fi
for name in a b; do
	ip netns add $name
	at_exit ip netns del $name
	ip -n $name link set lo up
done
ip -n a link add eth0 type veth peer name eth0 netns b
ip -n a address add 10.9.0.1/24 dev eth0
ip -n b address add 10.9.0.2/24 dev eth0
ip -n a link set eth0 up
ip -n b link set eth0 up
if [ "$VM_KERNEL" = 7.3 ]; then
	request ueid-add SMC-OFFER
	at_exit request ueid-del SMC-OFFER
fi
