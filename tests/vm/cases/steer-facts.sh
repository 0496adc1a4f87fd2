#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the facts that doctor shows, and what the loader says where it cannot have the hook
# kernels: 6.12 7.3
# timeout: 600
# exclusive: yes
. "$(dirname "$0")/../steer.sh"

case $VM_KERNEL in
6.12) unsafe=1 ;;
*) unsafe=0 ;;
esac
rmmod smc 2> /dev/null || :
is "without smc" "btf=1 hook=1 target_v4=ok target_v6=ok ulp_unsafe=$unsafe" steerctl facts
modprobe -q smc || :
is "with smc" "btf=1 hook=1 target_v4=ok target_v6=ok ulp_unsafe=$unsafe" steerctl facts

step "hidden addresses"
at_exit eval 'echo 0 > /proc/sys/kernel/kptr_restrict'
echo 2 > /proc/sys/kernel/kptr_restrict
is "kptr_restrict=2" "btf=1 hook=1 target_v4=hidden target_v6=hidden ulp_unsafe=$unsafe" \
	steerctl facts
fails "kptr_restrict=2" "*'inetsw': addresses are hidden (needs CAP_SYSLOG*" steerctl open
echo 1 > /proc/sys/kernel/kptr_restrict
fails "without CAP_SYSLOG" "*'inetsw': addresses are hidden (needs CAP_SYSLOG*" \
	setpriv --bounding-set -syslog --inh-caps -syslog "$progs/steerctl" open
echo 0 > /proc/sys/kernel/kptr_restrict

step "refused"
fails "not a bpffs" "*bpffs folder '/run/x': '/run' is not on a bpffs*" \
	env BPFFS_DIR=/run/x "$progs/steerctl" open
fails "without CAP_PERFMON" "*verifier says nothing*CAP_BPF and CAP_PERFMON) is missing*" \
	setpriv --bounding-set -perfmon,-sys_admin --inh-caps -perfmon,-sys_admin \
		"$progs/steerctl" open
refute "pins were made" test -e "$(pins_folder)"
