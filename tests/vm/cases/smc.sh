#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the kernel has what the product stands on: IPPROTO_SMC, the hook, and this version's own
# kernels: 6.12 7.3
# timeout: 240
. "$(dirname "$0")/../lib.sh"

smc_socket()
{
	/usr/bin/python3 -I -S -c "import socket; socket.socket(socket.$1, socket.SOCK_STREAM, 256)"
}
btf_has() { grep -qa "$1" /sys/kernel/btf/vmlinux; }

check "an IPv4 socket of protocol 256 opens, with autoload of smc" smc_socket AF_INET
check "an IPv6 socket of protocol 256 opens" smc_socket AF_INET6
check "the hook update_socket_protocol is in the BTF" btf_has update_socket_protocol
check "the SMC sysctls are there" test -e /proc/sys/net/smc/wmem
case $VM_KERNEL in
6.12) check "SMC's TCP_ULP can be loaded" modprobe tcp-ulp-smc ;;
7.3)
	check "the dibs loopback device is there" test -e /sys/class/dibs/lo
	check "smc_hs_ctrl is in the BTF" btf_has smc_hs_ctrl
	;;
esac
