# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: thirty pods that come and go, ten at a time, leave nothing behind
# kernels: 6.12
# What the node holds for pods; what every node has, whoever ran a pod on it, is in the first dump
# already. Of the agent's descriptors not the connections to the API server: the one for events may
# stay a while.
dump()
{
	on_node 1 'agent=$(pgrep -f "^/usr/sbin/smc-node-agent")
		echo "links $(ip -o link | grep -c veth)"
		echo "namespaces $(ip netns list | wc -l)"
		echo "routes $(ip -4 route show table all | wc -l)"
		echo "records $(ls /run/smc-cni/state/pods | wc -l)"
		echo "entries $(bpftool -j map dump pinned /sys/fs/bpf/smc-cni/v*/pods | jq length)"
		echo "requests left $(ls /run/smc-cni/pending | wc -l)"
		echo "leases $(find /var/lib/cni/networks -name "10.244.*" | wc -l)"
		open=$(ls "/proc/$agent/fd" | wc -l)
		echo "descriptors $((open - $(ss -Htnp | grep -c "pid=$agent,")))"'
}
churn()
{
	jq -n --argjson n "$1" '{apiVersion: "apps/v1", kind: "Deployment",
		metadata: {name: "crowd"}, spec: {
		replicas: $n, selector: {matchLabels: {app: "crowd"}}, template: {
			metadata: {labels: {app: "crowd"},
				annotations: {"smc-cni.io/steer": "enabled"}},
			spec: {nodeName: "n1", automountServiceAccountToken: false,
				terminationGracePeriodSeconds: 1,
				containers: [{name: "talk", image: "localhost/talk:1",
				imagePullPolicy: "Never", command: ["/talk"],
				args: ["serve", "5000"]}]}}}}' | kubectl apply -f -
}
no_pods() { [ -z "$(kubectl get pod -l app=crowd -o name)" ]; }
steered() # N
{
	[ "$(on_node 1 'smcctl status --json' |
		jq '[.pods[] | select(.policy.in_force and (.name | startswith("crowd-")))] |
			length')" = "$1" ]
}
as_before() { diff <(echo "$1") <(dump); }

before=$(dump)
echo "$before"
check "a Deployment of 10" churn 10
check "runs" kubectl rollout status deployment/crowd --timeout=900s
check "all are steered" eventually 30 steered 10
for turn in second third; do
	check "it is rolled: a $turn 10 pods" kubectl rollout restart deployment/crowd
	check "and runs again" kubectl rollout status deployment/crowd --timeout=1200s
done
check "it goes" kubectl delete deployment crowd --timeout=400s
check "with its pods" eventually 240 no_pods
check "nothing is left" eventually 60 as_before "$before"
