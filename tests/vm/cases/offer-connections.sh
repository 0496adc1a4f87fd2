#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: connections offer SMC where a pod's rules say so, and elsewhere are TCP at both ends
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../offer.sh"

ip -n a address add fd09::1/64 dev eth0
ip -n b address add fd09::2/64 dev eth0

# many N [CLIENT SERVER ADDRESS PORT]: the line of smcmany
many() { "$progs/smcmany" "${2-a}" "${3-b}" "${4-10.9.0.2}" "${5-5000}" "$1" 2>&1; }

# kept "sentence" ARGUMENTS..., blanked "sentence" ARGUMENTS...: of three connections. Where the
# option is kept they are SMC, or find no device on the kernel that has none.
kept()
{
	local want="n=3 smc=3 plain_client=0 plain_server=0 other=0" got
	[ "$VM_KERNEL" = 7.3 ] || want="n=3 smc=0 plain_client=0 plain_server=0 other=3"
	got=$(many 3 "${@:2}") || :
	[ "$got" = "$want" ] || die "$1: '$got' instead of '$want'"
	printf 'ok: kept: %s\n' "$1"
}

blanked()
{
	local want="n=3 smc=0 plain_client=3 plain_server=3 other=0" got
	got=$(many 3 "${@:2}") || :
	[ "$got" = "$want" ] || die "$1: '$got' instead of '$want'"
	printf 'ok: blanked: %s\n' "$1"
}

kept "without a program"

step "at the client"
ctl links apply $a
kept "of no pod"
ctl pod $a shut none
blanked "no rules"
blanked "no rules, IPv6" a b fd09::2
ctl pod $a open none 10.9.0.0/24=5000 fd09::/64
# A SYN-ACK goes to a port that is not allowed, and is let alone.
kept "the network and port are allowed"
blanked "another port" a b 10.9.0.2 5001
[ "$VM_KERNEL" != 7.3 ] || kept "IPv6" a b fd09::2
blanked "over loopback" a a 127.0.0.1
ctl pod $a open all 10.9.0.0/24=5000 , close
blanked "the switch is closed"
ctl open
kept "over loopback, for the node's pods" a a 127.0.0.1
check "both were counted" eval "ctl counts $a | grep -q 'kept=[1-9].* blanked=[1-9]'"

step "at the server"
ctl links undo $a , links apply $b , links check $b
kept "of no pod"
ctl pod $b shut none 10.9.0.0/24
blanked "shut"
blanked "shut, IPv6" a b fd09::2
ctl pod $b open none , address add 10.9.0.1/24
blanked "not for the node's pods"
ctl pod $b open all
kept "one of the node's pods"
blanked "IPv6, of another one" a b fd09::2
ctl address del 10.9.0.1/24 , pod $b open none 10.9.0.1/32
kept "this client"

step "checksums in software, and cookies"
# ETHTOOL_STXCSUM and _SRXCSUM are off
no_offload()
{
	ip netns exec "$1" /usr/bin/python3 -I -S -c 'import array, fcntl, socket, struct
s = socket.socket()
for cmd in (0x17, 0x15):
    value = array.array("B", struct.pack("II", cmd, 0))
    fcntl.ioctl(s, 0x8946, struct.pack("16sP", b"eth0", value.buffer_info()[0]))'
}
no_offload a
no_offload b
kept "this client, without offload"
blanked "IPv6, without offload" a b fd09::2
ip netns exec b sysctl -qw net.ipv4.tcp_syncookies=2
blanked "IPv6, with cookies" a b fd09::2
check "what is kept works with cookies" many 3
ip netns exec b sysctl -qw net.ipv4.tcp_syncookies=1

step "a tagged interface, and one without link-layer addresses"
for name in a b; do ip -n $name link add link eth0 name tagged type vlan id 5; done
ip -n a address add 10.8.0.1/24 dev tagged
ip -n b address add 10.8.0.2/24 dev tagged
for name in a b; do ip -n $name link set tagged up; done
ctl links undo $b
kept "tagged, without a program" a b 10.8.0.2
ctl links apply $a
blanked "tagged" a b 10.8.0.2
ctl links undo $a , links apply $b
blanked "tagged, at the server" a b 10.8.0.2
ctl links undo $b
if ip -n a link show tunl0 > /dev/null 2>&1; then
	ip -n a link add tunnel type ipip local 10.9.0.1 remote 10.9.0.2
	ip -n b link add tunnel type ipip local 10.9.0.2 remote 10.9.0.1
	ip -n a address add 10.7.0.1/24 dev tunnel
	ip -n b address add 10.7.0.2/24 dev tunnel
	for name in a b; do ip -n $name link set tunnel up; done
	for name in a b; do
		kept "through a tunnel, without a program" a b 10.7.0.2
		ctl links apply /run/netns/$name
		blanked "through a tunnel, by the program of $name" a b 10.7.0.2
		ctl links undo /run/netns/$name
	done
fi

step "all is taken back"
ctl undo $a , undo $b
refute "no pod has rules" eval "ctl list | grep ."
kept "as at first"
