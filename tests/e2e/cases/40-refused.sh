# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: what cannot be had is refused at kubectl apply: a bad value; a hostNetwork pod stays TCP
# kernels: 6.12
step "a bad value"
answer=$(talk_pod bad '{"smc-cni.io/steer": "yes"}' '["serve", "5000"]' 2>&1) &&
	die "the API server took it: $answer"
check "the API server names the key and what is allowed" \
	grep -q "smc-cni.io/steer.*required" <<< "$answer"
answer=$(kubectl annotate namespace default smc-cni.io/steer=on 2>&1) &&
	die "the API server took it: $answer"
check "on a namespace too" grep -q "smc-cni.io/steer.*required" <<< "$answer"

step "a hostNetwork pod"
manifest=$(talk_manifest hosted '{"smc-cni.io/steer": "enabled"}' '["serve", "5999"]' |
	jq '.spec.hostNetwork = true')
answer=$(kubectl apply -f - <<< "$manifest" 2>&1)
check "is taken, with a warning" grep -q "has no effect with hostNetwork" <<< "$answer"
check "and runs, on TCP" eventually 120 pod_logged hosted 'listening protocol=262'
check "the node's own sockets are TCP" on_node 1 \
	'test "$(python3 -ISc "import socket as s; print(s.socket().getsockopt(1, 38))")" = 6'
remove_pods hosted
