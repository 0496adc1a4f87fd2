# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: an annotated Deployment (static Go) talks SMC from its first socket; others stay TCP
# kernels: 6.12 7.3
on='{"smc-cni.io/steer": "enabled"}'

deployment() # a server of one replica
{
	jq -n --argjson annotations "$on" '{apiVersion: "apps/v1", kind: "Deployment",
		metadata: {name: "server"},
		spec: {replicas: 1, selector: {matchLabels: {app: "server"}}, template: {
			metadata: {labels: {app: "server"}, annotations: $annotations},
			spec: {nodeName: "n1", automountServiceAccountToken: false,
				terminationGracePeriodSeconds: 1,
				containers: [{name: "talk", image: "localhost/talk:1",
				imagePullPolicy: "Never", command: ["/talk"],
				args: ["serve", "5000"]}]}}}}' | kubectl apply -f -
}

server_pod() { kubectl get pod -l app=server -o 'jsonpath={.items[0].metadata.name}'; }

step "server and client, both annotated"
check "a Deployment" deployment
check "it runs" kubectl rollout status deployment/server --timeout=400s
server=$(server_pod)
check "its listener was an SMC socket from the start" \
	eventually 30 pod_logged "$server" 'listening protocol=256'
address=$(pod_ip "$server"):5000
check "a client" caller_pod client "$on" "$address" 3 10000 10
check "it ends well" eventually 120 pod_is client Succeeded
check "its sockets are SMC" test "$(pod_log client | grep -c 'called protocol=256')" = 3
transport=$(on_node 1 'if [ -d /sys/class/infiniband/rxe0 ]; then echo smcr; else echo smcd; fi')
check "three connections over $transport" pod_status_is "$server" ".$transport.server" 3
check "and their bytes, there and back" \
	pod_status_is "$server" "[.$transport.rx_bytes, .$transport.tx_bytes] | tostring" \
		"[30000,30000]"

step "a client without an annotation"
check "starts" caller_pod plain '{}' "$address" 2 1000 10 stay
check "is done" eventually 120 pod_logged plain 'done failed=0'
check "its sockets are TCP" test "$(pod_log plain | grep -c 'called protocol=6')" = 2
check "it is not steered" pod_status_is plain .policy.in_force false

kubectl delete deployment server --timeout=400s
remove_pods client plain
