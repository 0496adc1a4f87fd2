#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a guest has what a bare node has
# kernels: 6.12 7.3
# timeout: 240
. "$(dirname "$0")/../lib.sh"

check "it runs the kernel that was asked for" test "$(uname -r | cut -d. -f1,2)" = "$VM_KERNEL"
check "it is root" test "$(id -u)" = 0
check "cgroup v2 is on /sys/fs/cgroup" test "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs
check "bpffs is on /sys/fs/bpf" test "$(stat -fc %T /sys/fs/bpf)" = bpf_fs
check "tracefs is there" test -e /sys/kernel/tracing/trace_pipe
check "securityfs is there" grep -q bpf /sys/kernel/security/lsm
check "pseudo terminals work" script -qec true /dev/null
check "the loopback device is up" grep -q LOOPBACK,UP <(ip link show lo)
check "there is no network card" test ! -e /sys/class/net/eth0
check "a device type that is a module loads by itself" ip link add probe0 type dummy
at_exit ip link del probe0
check "/ can be written to" touch /etc/probe
rm /etc/probe
check "results can be left" touch "$VM_OUT/probe"

step "an IPv6 address of a new namespace is usable at once"
ip netns add probe
at_exit ip netns del probe
ip -n probe link add eth0 up type dummy
ip -n probe address add fd00::1/64 dev eth0
refute "it is not tentative" grep -q tentative <(ip -n probe address show dev eth0)
