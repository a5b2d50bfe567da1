# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# tap.sh - TAP for shell tests, and a folder of their own. Sourced, not run: by
# lib.sh; and by tests that run no program of procq, so that they hold for a
# build for another machine, too.
#
#	. "${srcdir:-.}/kit/tap.sh"
#	check "two and two" same 4 $((2 + 2))
#	the_plan
#
# Must not start or signal anything.

set -u
LC_ALL=C
export LC_ALL

test_name=${0##*/}
test_name=${test_name%.test}
dir=$(mktemp -d "${TMPDIR:-/tmp}/procq-$test_name.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
number=0
failed=0
# What check is at; empty: nothing.
checked=

note()
{
	printf '%s\n' "$*" | sed 's/^/# /'
}

# report_files: the last lines of all that the programs have said
report_files()
{
	for file in "$dir"/*.out "$dir"/*.err; do
		[ -s "$file" ] || continue
		echo "# ${file##*/}:"
		tail -n 8 "$file" | cut -c1-200 | sed 's/^/#   /'
	done
}

# result HOW WHAT: one test, which is good if HOW is 0
result()
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
		return 0
	fi
	echo "not ok $number - $2"
	failed=$((failed + 1))
	[ ! -s "$dir/check.log" ] || head -n 20 "$dir/check.log" |
		cut -c1-300 | sed 's/^/#   /'
	[ "$failed" -gt 3 ] || report_files
	return 1
}

# check WHAT COMMAND...: one test, good if the command succeeds
check()
{
	checked=$1
	shift
	if "$@" >"$dir/check.log" 2>&1; then
		result 0 "$checked"
	else
		result 1 "$checked"
	fi
	checked=
}

# within SECONDS COMMAND...: until it succeeds; 1 if it never did
within()
{
	deadline=$(($(date +%s) + $1 + 1))
	pause=0.01
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$deadline" ] || return 1
		sleep "$pause"
		pause=0.03
	done
}

# await SECONDS COMMAND...: the same, of what must come. If it does not, and no
# check says so, the_plan does: a wait in vain is a test that sees nothing.
await()
{
	within "$@" && return
	[ -n "$checked" ] || echo "$*" >>"$dir/in-vain"
	return 1
}

# skip WHAT WHY: a test that can't be made here
skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# skip_all WHY: none of this file can
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# the_plan: the end of the tests
the_plan()
{
	[ ! -s "$dir/in-vain" ] ||
		check "nothing is awaited in vain" empty "$dir/in-vain"
	echo "1..$number"
	[ "$failed" -eq 0 ]
	exit
}

# Words for check. Each says on standard output what it found.

same()
{
	[ "$1" = "$2" ] || {
		echo "expected '$1', got '$2'"
		return 1
	}
}

not()
{
	! "$@"
}

# empty FILE: no line is in it
empty()
{
	[ ! -s "$1" ] || {
		cat "$1"
		return 1
	}
}
