# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: docs/install.md to the letter, with kustomize: install, a pod, remove; every node is clean
# kernels: 6.12
# nodes: 2
pod_as_written() # its image is one that the node has
{
	local line
	line=$(install_block 'Did it work?' 'kubectl run' | grep '^kubectl run')
	[[ $line == *--image=nginx* ]] || { echo "no such line: '$line'"; return 1; }
	bash -euxc "${line/--image=nginx/--image=localhost/talk:1} -- serve 5000"
}
status_as_written()
{
	on_node "$node" \
		'nsenter --target "$(pgrep -x smc-node-agent)" --mount -- /usr/bin/smcctl status'
}
says() { status_as_written | tee /dev/stderr | grep -q "$1"; }

check "install" as_written Install 'kubectl apply -k'
check "a pod" pod_as_written
check "runs" eventually 240 pod_is web Running
node=$(kubectl get pod web -o 'jsonpath={.spec.nodeName}')
node=${node#n}
check "its first socket is SMC" eventually 120 pod_logged web 'listening protocol=256' "$node"
check "status has a line that says so" says '^default/web  *enabled '
check "remove" as_written Remove 'kubectl apply -k'
for n in $(nodes_running); do
	check "node n$n is clean" node_clean "$n"
done
remove_pods web
