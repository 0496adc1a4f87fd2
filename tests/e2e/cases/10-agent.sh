# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: kubectl apply -k: each node's agent is ready, knows its pods, and is in the CNI chain
# kernels: 6.12 7.3
step "what an operator does"
check "apply" kubectl apply -k "$TOP/tests/e2e/deploy"
check "the DaemonSet is rolled out" \
	kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s

step "the node"
check "both watches have synced" \
	eventually 60 on_node 1 'smcctl status --json | jq -e .node.source.synced'
check "the plugin is in the chain" eventually 60 on_node 1 \
	'test -x /opt/cni/bin/smc-cni && test -s /etc/cni/net.d/podnet/50-smc-cni.conf'
check "it is ready" on_node 1 'smcctl status --json | jq -e .node.ready'
check "pods come from the API server" \
	on_node 1 'smcctl status --json | jq -e ".node.source.kind == \"kubernetes\""'
check "the node's address is what it was" node_address_is 1 10.0.2.11
