#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a pod whose rules match owners of sockets is not steered, whoever made them, and when
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"

# What Istio makes of a pod (istio-iptables 1.2x, its user is 1337), but for the exceptions that do
# not matter here. IPTABLES is iptables-nft or iptables-legacy.
istio()
{
	ip netns exec "$1" "$2-restore" -n <<-END
		*nat
		:ISTIO_INBOUND - [0:0]
		:ISTIO_IN_REDIRECT - [0:0]
		:ISTIO_OUTPUT - [0:0]
		:ISTIO_REDIRECT - [0:0]
		-A PREROUTING -p tcp -j ISTIO_INBOUND
		-A OUTPUT -j ISTIO_OUTPUT
		-A ISTIO_INBOUND -p tcp --dport 15008 -j RETURN
		-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
		-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
		-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN
		-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN
		-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN
		-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN
		-A ISTIO_OUTPUT -j ISTIO_REDIRECT
		-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001
		COMMIT
	END
}

native() # POD: the same by nft, without iptables
{
	ip netns exec "$1" nft -f - <<-END
		table ip mesh {
			chain out {
				type nat hook output priority -100;
				meta skuid 1337 return
				ip daddr 127.0.0.1 return
				meta l4proto tcp redirect to :15001
			}
		}
	END
}

no_rules() # POD
{
	ip netns exec "$1" nft flush ruleset
	ip netns exec "$1" iptables-legacy -t nat -F
}

proxy_start() # POD LIMIT
{
	ip netns exec "$1" setpriv --reuid 1337 --regid 1337 --clear-groups \
		"$(command -v redirected)" 15001 "$2" > "$DIR/proxy" &
	PROXY=$!
	eventually 60 listens "$1" || die "the proxy does not listen"
}

listens() { [ -n "$(ip netns exec "$1" ss -Hltn 'sport = :15001')" ]; }

proxy_end()
{
	kill $PROXY 2> /dev/null || :
	wait $PROXY 2> /dev/null || :
}

world() # POD: a way out, to a server on the node
{
	ip netns add "$1"
	ip link add "to-$1" type veth peer name eth0 netns "$1"
	ip addr add 10.9.0.254/24 dev "to-$1"
	ip link set "to-$1" up
	ip -n "$1" addr add "10.9.0.$(pod_number "$1")/24" dev eth0
	ip -n "$1" link set eth0 up
	ip -n "$1" link set lo up
}

ask() { ip netns exec "$1" redirected ask 10.9.0.254 8080; }
why() { status ".pods[] | select(.name == \"$1\") | .policy.why"; }
says() { [[ $(why "$1") == *"$2"* ]]; }

modprobe -a -q smc veth xt_owner || :
at_exit agent_clean
agent_config ''
agent_start
redirected answer 8080 &
SERVER=$!
at_exit kill $SERVER

at_exit rm -f /run/xtables.lock # of legacy iptables

step "rules come to a pod that is steered, and the agent has not seen them yet"
world mesh
check "ADD" cni ADD mesh enabled
check "it is steered" steered mesh
check "it reaches the server" test "$(ask mesh)" = hello
kill -STOP "$AGENT_PID"
istio mesh iptables-nft
check "it is steered still" steered mesh
proxy_start mesh 20
ask mesh &
CLIENT=$!
wait $PROXY && status=0 || status=$?
check "the proxy is led back to itself: that is what it is about" test "$status" = 3
kill $CLIENT 2> /dev/null || :
wait $CLIENT 2> /dev/null || :
proxy_end

step "the agent looks"
kill -CONT "$AGENT_PID"
check "the pod goes to TCP" eventually 90 unsteered mesh
check "status names the rule" says mesh "(table 'nat', chain 'ISTIO_OUTPUT')"
proxy_start mesh 20
check "the proxy works" test "$(ask mesh)" = hello
check "the connection went through it" grep -q passed "$DIR/proxy"
proxy_end
check "the log says it" grep -q "match owners of sockets (table 'nat'" "$AGENT_LOG"

step "the agent starts anew"
agent_end KILL
agent_start
check "the pod stays on TCP" unsteered mesh
check "and the status says why" eventually 60 says mesh "ISTIO_OUTPUT"

step "they go, and others come"
no_rules mesh
check "the pod is steered again" eventually 90 steered mesh
istio mesh iptables-legacy
check "legacy iptables" eventually 90 unsteered mesh
check "the status names the table" says mesh "(table 'nat' of iptables)"
proxy_start mesh 20
check "its proxy works" test "$(ask mesh)" = hello
proxy_end
no_rules mesh
check "the pod is steered again" eventually 90 steered mesh
native mesh
check "nft" eventually 90 unsteered mesh
proxy_start mesh 20
check "its proxy works, too" test "$(ask mesh)" = hello
proxy_end

step "rules that are there before us"
world early
istio early iptables-nft
check "ADD" cni ADD early enabled
check "not steered from the first socket on" unsteered early
check "the status says why" says early "ISTIO_OUTPUT"
world must
istio must iptables-nft
add_must() { cni ADD must required > "$DIR/refused"; }
refute "ADD of one that is required" add_must
check "with our code" test "$(jq .code "$DIR/refused")" = 11
check "and the reason" grep -q "match owners of sockets" "$DIR/refused"
refute "nothing is kept of it" test "$(status '.pods[] | select(.name == "must") | .name')" = must

step "a pod that is told later"
world later
istio later iptables-nft
check "ADD of a pod that does not ask" cni ADD later
cat > "$DIR/pods/later.yaml" <<-END
	apiVersion: v1
	kind: Pod
	metadata: {name: later, namespace: default, annotations: {smc-cni.io/steer: enabled}}
END
check "the status says why it is not steered" eventually 60 says later "ISTIO_OUTPUT"
check "it never was" test "$(status '.pods[] | select(.name == "later") | .sockets.steered')" = null
