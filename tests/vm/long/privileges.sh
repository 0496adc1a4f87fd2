#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the agent needs each right that deploy/base gives it, no more, and says which is missing
# kernels: 6.12
# timeout: 1800
#
# The agent runs in a runc container that has what the DaemonSet says (agent_container.py), whole at
# first, then without each capability and mount in turn. "Without it" in the lists of
# docs/privileges.md is what it must say then.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"
container=$TOP/tests/vm/agent_container.py
# Else agent_container makes it.
had_results=$(find /var/lib/cni/results -maxdepth 0 2> /dev/null) || :
at_exit clean

# What the agent says without RIGHT: "Without it" of its entry in docs/privileges.md.
words_of() # RIGHT
{
	awk -v entry="- \`$1\`:" '
		/^- / { here = index($0, entry) == 1 }
		here && sub(/^  - Without it: `/, "") { sub(/`$/, ""); print }' \
			"$TOP/docs/privileges.md"
}

said() { grep -qF -- "$1" "$AGENT_LOG"; }

# agent_run [RIGHT]: in the background, without it. Its root is new: runc leaves the mount points in
# it.
agent_run()
{
	rm -rf --one-file-system "$DIR/bundle"
	mkdir "$DIR/bundle"
	python3 -I "$container" "$DIR/bundle" "$DIR/etc" ${1:+--without "$1"}
	runc run -b "$DIR/bundle" smc-agent < /dev/null >> "$AGENT_LOG" 2>&1 &
	runner=$!
}

agent_stop()
{
	runc kill smc-agent KILL 2> /dev/null || :
	wait $runner 2> /dev/null || :
	runc delete -f smc-agent 2> /dev/null || :
}

manifests() # BUFFER: what the two pods say
{
	local pod
	for pod in p1 p2; do
		cat > "$DIR/etc/pods/.$pod" <<-END
			apiVersion: v1
			kind: Pod
			metadata: {name: $pod, namespace: default,
			  annotations: {smc-cni.io/steer: enabled, smc-cni.io/buffer-size: $1}}
		END
		mv "$DIR/etc/pods/.$pod" "$DIR/etc/pods/$pod.yaml"
	done
}

pod_start() # NAME: as the runtime does it, with a cgroup
{
	ip netns add "$1"
	ip -n "$1" link add eth0 type dummy
	mkdir -p "/sys/fs/cgroup/case/$1"
	CNI_COMMAND=ADD CNI_CONTAINERID=$1 CNI_IFNAME=eth0 CNI_PATH=/nowhere \
		CNI_NETNS=/run/netns/$1 \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$1" smc-cni <<-END
			{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni",
			 "agentTimeoutMs": 30000,
			 "runtimeConfig": {"cgroupPath": "/case/$1",
			 "io.kubernetes.cri.pod-annotations":
			 {"smc-cni.io/steer": "enabled", "smc-cni.io/buffer-size": "64Ki"}},
			 "prevResult": {"cniVersion": "1.0.0",
			 "interfaces": [{"name": "eth0", "sandbox": "/run/netns/$1"}],
			 "ips": [{"address": "10.9.0.$(pod_number "$1")/24", "interface": 0}]}}
		END
}

# From here on only a process holds the namespace of p1, and only its name that of p2.
lose_a_name()
{
	ip netns exec p1 "$TOP/build/tests/vm/progs/pingpong" server 7001 > /dev/null 2>&1 &
	holder=$!
	eventually 30 test "/proc/$holder/ns/net" -ef /run/netns/p1
	umount /run/netns/p1
	rm /run/netns/p1
}

buffer_is() { [ "$(ip netns exec p2 cat /proc/sys/net/smc/wmem)" = "$1" ]; }
is_steered() { [ "$(status ".pods[] | select(.name == \"$1\") | .policy.in_force")" = true ]; }

forget_pods()
{
	[ -z "$holder" ] || kill "$holder" 2> /dev/null || :
	[ -z "$holder" ] || wait "$holder" 2> /dev/null || :
	holder=''
	ip netns del p1 2> /dev/null || :
	ip netns del p2 2> /dev/null || :
	smc-node-agent --cleanup > /dev/null 2>&1 || :
	rmdir /sys/fs/cgroup/case/p1 /sys/fs/cgroup/case/p2 /sys/fs/cgroup/case 2> /dev/null || :
	rm -f "$DIR"/etc/pods/*.yaml "$AGENT_LOG"
}

# shellcheck disable=SC2317 # called by at_exit
clean()
{
	agent_stop
	# status: that of the case, of run_exit_commands
	[ "${status:-0}" = 0 ] || grep -v level=debug "$AGENT_LOG" | tail -n 30
	forget_pods
	[ "$runtime" = 0 ] || kill "$runtime" 2> /dev/null || :
	rm -rf /run/nri
	rm -rf "$DIR" /etc/cni/net.d/10-net.conflist /etc/cni/net.d/net /opt/cni/bin/smc-cni \
		/run/runc
	[ -n "$had_results" ] || rmdir -p /var/lib/cni/results 2> /dev/null || :
}

# A runtime with NRI that takes all plugins and says nothing: that there is one is enough.
runtime_start()
{
	python3 -I - <<-END &
		import os, socket, time
		os.makedirs("/run/nri", 0o700, True)
		s = socket.socket(socket.AF_UNIX)
		s.bind("/run/nri/nri.sock")
		s.listen(64)
		time.sleep(86400)
	END
	runtime=$!
	eventually 30 test -S /run/nri/nri.sock
}

# The day of an agent, as far as it takes until it says WORDS: start; a pod and a change of it;
# start again.
missing_is_told() # RIGHT WORDS
{
	local found=no
	agent_run "$1"
	eventually 120 sees "$2" > /dev/null 2>&1 || :
	if said "$2"; then
		found=yes
	elif runs; then
		manifests 64Ki
		pod_start p1 > /dev/null && pod_start p2 > /dev/null
		manifests 128Ki
		if eventually 40 said "$2" > /dev/null 2>&1; then
			found=yes
		else
			agent_stop
			lose_a_name
			agent_run "$1"
			! eventually 90 said "$2" > /dev/null 2>&1 || found=yes
		fi
	fi
	agent_stop
	[ $found = yes ] || grep -v level=debug "$AGENT_LOG"
	forget_pods
	[ $found = yes ]
}

runs() { kill -0 $runner 2> /dev/null; }
# Said; or it will not be said at the start: the agent is ready, or is no more.
sees() { said "$1" || agent_ready || ! runs; }

holder='' runner=0 runtime=0
modprobe -a smc || :
mkdir -p "$DIR/etc/pods" /etc/cni/net.d
find /etc/cni/net.d -mindepth 1 -delete
echo '{"cniVersion": "1.0.0", "name": "net", "plugins": [{"type": "bridge"}]}' \
	> /etc/cni/net.d/10-net.conflist
cat > "$DIR/etc/agent.yaml" <<END
podSource: {folder: /etc/smc-cni/pods}
logLevel: debug
END
mapfile -t rights < <(python3 -I "$container" --rights)

step "every right has its words"
for right in "${rights[@]}"; do
	check "docs/privileges.md on $right" test -n "$(words_of "$right")"
done

step "with all of them"
runtime_start
agent_run
check "the agent is ready" eventually 200 agent_ready
check "its plugin is in the chain" eventually 60 test -e /etc/cni/net.d/net/50-smc-cni.conf
manifests 64Ki
check "a pod" pod_start p1
check "another" pod_start p2
check "the first socket of a pod is steered" test "$(in_cgroup case/p1 protocol p1)" = 256
check "one that is opened from outside is not" unsteered p1
check "its buffers are as it says" buffer_is 65536
manifests 128Ki
check "and change" eventually 60 buffer_is 131072
agent_stop
lose_a_name
agent_run
check "ready again" eventually 200 agent_ready
check "a pod that only its process holds is taken over" eventually 60 is_steered p1
check "one that only its name holds too" eventually 60 is_steered p2
for right in "${rights[@]}"; do
	refute "nothing is missing: $right" said "$(words_of "$right")"
done
agent_stop
forget_pods

wrong=()
for right in "${rights[@]}"; do
	step "without $right"
	words=$(words_of "$right")
	if missing_is_told "$right" "$words"; then
		echo "ok: it says: $words"
	else
		echo "it does not say: $words"
		wrong+=("$right")
	fi
done
check "each missing right was told" test "${#wrong[@]}" = 0
