#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: SELinux breaks steered sockets: the agent then steers none; with deploy/selinux they work
# kernels: 6.12
# timeout: 1200
# exclusive: yes
# parameters: security=selinux
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/confined.sh"
policies=$TOP/tests/vm/selinux module=$TOP/deploy/selinux/smc-cni.cil
attribute=exec confinement=system_u:system_r:container_t:s0:c0,c1

# policy_load FILE...: the node's policy and what these add to it
policy_load()
{
	secilc -o "$work/policy" -f /dev/null "$policies/node.cil" "$@"
	cat "$work/policy" > /sys/fs/selinux/load
}

enforce() { echo "$1" > /sys/fs/selinux/enforce; }

mount -t selinuxfs selinuxfs /sys/fs/selinux
at_exit enforce 0
policy_load
check "a program gets the label" \
	grep -q "$confinement" <(confined plain cat /proc/self/attr/current)

step "permissive: nothing is refused"
all_works 256 server client

step "enforcing: TCP"
enforce 1
all_works 6 plain plain

step "enforcing: steered sockets"
talk_smc server client
check "bind(2) to a port of one's choice is refused, listen(2) is not" gave \
	'bind-0=ok bind=EACCES listen=ok accept=ok' "$server"
check "the accepted connection is of no use" gave "$refused" "$server"
check "the client's own calls are allowed" gave "${asked/recv=ok/} protocol=256" "$client"

step "enforcing: a connection that fell back to TCP is the kernel's, and not looked at"
talk server plain
check "only bind(2) is refused" gave "${served/ bind=ok/ bind=EACCES} protocol=6" "$server"
all_works 6 plain client

step "what container_t has beside container_net_domain is about bind(2) only"
policy_load "$policies/unconfined.cil"
talk_smc server client
check "bind(2) is allowed" gave 'bind=ok listen=ok accept=ok' "$server"
check "the accepted connection is of no use" gave "$refused" "$server"

step "with the module of deploy/selinux"
policy_load "$module"
all_works 256 server client

# node_why TEXT: the agent has looked again
node_why() { [ "$(smcctl status --json | jq -r .node.why)" = "$1" ]; }
# steered_are true|false: every pod that asks for it
steered_are()
{
	[ "$(smcctl status --json | jq -c \
		'[.pods[].policy | select(.steer == "enabled").in_force] | unique')" = "[$1]" ]
}
missing()
{
	echo "SELinux does not let container_t use steered sockets ($1):" \
		"load deploy/selinux/smc-cni.cil (docs/privileges.md)"
}

step "the agent steers nobody into that"
policy_load
agent_start
why=$(missing 'name_bind of rawip_socket, port_t')
check "the node says what is missing" eventually 60 node_why "$why"
check "and the pods" eventually 60 node_equals server .policy.why "stays TCP: $why"
check "none is steered" eventually 60 steered_are false
all_works 6 server client
node_run late enabled /bin/sleep infinity
all_works 6 late client

step "part of the permissions is not enough"
policy_load "$policies/unconfined.cil"
check "the node says what is missing" \
	eventually 60 node_why "$(missing 'read of rawip_socket, unlabeled_t')"

step "the module is loaded: the agent sees it"
policy_load "$module"
check "nothing is missing" eventually 60 node_why ''
check "the pods are steered" eventually 60 steered_are true
all_works 256 late server

step "it is removed: what starts from then on is TCP"
policy_load
check "the node says what is missing" eventually 60 node_why "$why"
check "none is steered" eventually 60 steered_are false
all_works 6 late server

step "permissive: steered again"
enforce 0
check "nothing is missing" eventually 60 node_why ''
