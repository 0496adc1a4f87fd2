#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a kernel whose smc module cannot be loaded is told as such, at once
# kernels: 6.12
# timeout: 240
# exclusive: yes
. "$(dirname "$0")/../lib.sh"

mkdir -p /etc/modprobe.d
echo 'install smc /bin/false' > /etc/modprobe.d/smc-cni-test.conf
at_exit rm /etc/modprobe.d/smc-cni-test.conf
check "SMC netlink says that there is no SMC" \
	timeout 10 "$TOP/build/tests/vm/progs/commonsmc" without-smc
