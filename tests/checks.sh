# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a case says, checks and waits for; sourced by tests/vm/lib.sh and tests/e2e/lib.sh, which
# explain them.

step() { printf '== %s\n' "$*"; }

die()
{
	printf 'FAILED: %s\n' "$*" >&2
	exit 1
}

check()
{
	local sentence=$1 output
	shift
	if ! output=$("$@" 2>&1); then
		printf '%s\n' "$output"
		die "$sentence ($*)"
	fi
	printf 'ok: %s\n' "$sentence"
}

refute()
{
	local sentence=$1 output
	shift
	if output=$("$@" 2>&1); then
		printf '%s\n' "$output"
		die "$sentence ($* succeeded)"
	fi
	printf 'ok: %s\n' "$sentence"
}

# eventually SECONDS COMMAND...: repeats COMMAND until it succeeds, for SECONDS (times $patience,
# where that is set). What takes long is asked for less often: an emulated processor works half a
# second for an answer, and others wait for it.
eventually()
{
	local deadline=$((SECONDS + ${patience:-1} * $1)) output pauses=(0.2 0.2 0.3 0.5 0.8) n=0
	shift
	until output=$("$@" 2>&1); do
		if [ $SECONDS -ge $deadline ]; then
			printf 'still failing: %s\n%s\n' "$*" "$output" >&2
			return 1
		fi
		sleep "${pauses[n < 4 ? n++ : 4]}"
	done
}
