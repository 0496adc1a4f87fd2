# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: just deleting the DaemonSet leaves clean nodes, too, and what is applied again works again
# kernels: 6.12
check "a steered pod that stays" \
	talk_pod stayer '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 120 pod_logged stayer 'listening protocol=256'
check "the DaemonSet goes" kubectl -n smc-cni delete daemonset smc-node-agent --timeout=540s
for n in $(nodes_running); do
	check "node n$n is clean" eventually 120 node_clean "$n"
done
check "the pod's new sockets are TCP" eventually 10 pod_protocol_is stayer 6
check "apply again" kubectl apply -k "$TOP/tests/e2e/deploy"
check "rolled out" kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "the pod is taken over" eventually 120 pod_protocol_is stayer 256
remove_pods stayer
