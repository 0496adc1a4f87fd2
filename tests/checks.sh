# shellcheck shell=bash
# What a case says and checks; sourced by tests/vm/lib.sh and tests/e2e/lib.sh, which explain them.

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
