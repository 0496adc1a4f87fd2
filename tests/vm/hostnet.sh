# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the hostnet cases, sourced after lib.sh. The host's side is made by hostnetctl, the rest by
# ip(8).
#
#	config YAML...		writes $config: lines below `pnets:`
#	hostnet VERB [ADDR]...	hostnetctl
#	says PATTERN VERB [ADDR]...	hostnetctl fails, and its message matches
#	became PATTERN	a connection from pod a to pod b is this: smcr, or "tcp client=C server=C"
#	in_pod NAME COMMAND...
#	uplink			makes up0 with an address, and rxe0 on it
#	pod NAME ADDR		makes a pod that the host reaches by a route
#	smc_request WORDS...	see smc-request
config=$VM_OUT/agent.yaml
state=$VM_OUT/hostnet.json
# shellcheck disable=SC2034 # for the cases
addr_a=10.244.0.2/24 addr_b=10.244.0.3/24

progs=$TOP/build/tests/vm/progs
modprobe -a smc rdma_rxe dummy vrf veth bridge cls_u32 act_mirred sch_ingress

config() { printf '%s\n' pnets: "$@" > "$config"; }
hostnet() { "$progs/hostnetctl" "$config" "$state" "$@"; }
in_pod() { ip netns exec "$@"; }

says()
{
	local pattern=$1 output
	shift
	if output=$(hostnet "$@"); then
		echo "it succeeded"
		return 1
	fi
	printf '%s\n' "$output"
	# shellcheck disable=SC2053 # it is a pattern
	[[ $output == $pattern ]]
}

became()
{
	local output
	output=$("$progs/smcpair" a b "${addr_b%/*}" 100000 2>&1) || :
	printf '%s\n' "$output"
	# shellcheck disable=SC2053 # it is a pattern
	[[ $output == $1" in "* ]]
}

smc_request() { /usr/bin/python3 -I -S "$TOP/tests/vm/smc-request" "$@"; }

uplink()
{
	ip link add up0 type veth peer name wire
	ip link set wire up
	ip link set up0 up
	ip addr add 192.168.50.1/24 dev up0
	rdma link add rxe0 type rxe netdev up0
	at_exit ip link del up0
	at_exit rdma link del rxe0
}

pod()
{
	ip netns add "$1"
	at_exit ip netns del "$1"
	ip link add "v$1" type veth peer name eth0 netns "$1"
	ip link set "v$1" up
	ip route add "${2%/*}" dev "v$1" src 192.168.50.1
	ip -n "$1" link set lo up
	ip -n "$1" link set eth0 up
	ip -n "$1" addr add "$2" dev eth0 noprefixroute
	ip -n "$1" route add 192.168.50.1 dev eth0
	ip -n "$1" route add default via 192.168.50.1
	in_pod "$1" "$TOP/tests/vm/smc-request" pnet-eth NET0 eth0
}
