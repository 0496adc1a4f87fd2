# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: SMC through a Service, at both sides; while the switch is on its connections are TCP
# kernels: 6.12 7.3
on='{"smc-cni.io/steer": "enabled"}'
# What kube-proxy writes for a Service of one endpoint.
dnat()
{
	on_node 1 'iptables-legacy -w -t nat "$1" PREROUTING -d 10.96.0.80/32 -p tcp --dport 80 \
		-j DNAT --to-destination "$2"' "$1" "$2"
}

check "a server" talk_pod backend "$on" '["serve", "5000"]'
check "listens" eventually 120 pod_logged backend 'listening protocol=256'
endpoint=$(pod_ip backend):5000
check "the Service's rule" dnat -A "$endpoint"
check "a client of the Service" caller_pod consumer "$on" 10.96.0.80:80 2 5000 10 stay
check "is done" eventually 120 pod_logged consumer 'done failed=0'
transport=$(on_node 1 'if [ -d /sys/class/infiniband/rxe0 ]; then echo smcr; else echo smcd; fi')
check "the server's side is on $transport" pod_status_is backend ".$transport.server" 2
check "the client's too" pod_status_is consumer ".$transport.client" 2

step "the switch"
paused() { [ "$(on_node 1 'smcctl status --json | jq .node.paused')" = "$1" ]; }
check "is turned on" kubectl annotate namespace smc-cni smc-cni.io/pause=true
check "the node has heard of it" eventually 60 paused true
check "a client" caller_pod meanwhile "$on" 10.96.0.80:80 2 5000 10 stay
check "is done" eventually 120 pod_logged meanwhile 'done failed=0'
check "its sockets were steered" pod_status_is meanwhile .sockets.steered 2
check "its connections are TCP" pod_status_is meanwhile ".$transport.client" 0
check "so they are at the server's side" pod_status_is backend ".$transport.server" 2
check "is turned off" kubectl annotate namespace smc-cni smc-cni.io/pause-
check "the node has heard of it" eventually 60 paused false
check "the rule goes" dnat -D "$endpoint"
remove_pods backend consumer meanwhile
