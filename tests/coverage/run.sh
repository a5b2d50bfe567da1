#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh SOURCE - build in the present folder with clang's coverage, without
# optimization, run make check, and print how much of each file of lib/ has
# run: lines, and branches by each of their two ways. The text of lib/ with
# counts is in lines/. Fails if a test does, or if less than 97 % of all lines
# or 90 % of all branches have run. Called by make coverage; TESTS may be in
# the environment, as make check has it.
#
# Most of what is of interest here never exits: children end by _exit() or a
# signal, share their parent's memory, or are killed with SIGKILL anywhere. So
# the counters are in a file that all processes of a program map shared (%c,
# clang's continuous mode): what is counted stays counted, whatever becomes of
# the process.

set -eu
source=$(cd "$1" && pwd)
here=$(pwd)
: "${CC:=clang}" "${PROFDATA:=llvm-profdata}" "${COV:=llvm-cov}" "${AWK:=awk}"

# Atomic: several processes of a program count in the same memory.
flags='-g -O0 -fprofile-instr-generate -fcoverage-mapping
	-fprofile-update=atomic -mllvm -runtime-counter-relocation'

mkdir -p counters lines
rm -f counters/*
# Some tests have users of their own, which count in the same files.
chmod 777 counters
umask 000
LLVM_PROFILE_FILE=$here/counters/%c%m.profraw
export LLVM_PROFILE_FILE
# A fleet's tests take minutes, and run nothing of lib/ that others do not.
"$source/configure" -q --without-fleet CC="$CC" CFLAGS="$(echo $flags)"
make -s
# What does not compile is no measurement.
make -s check TESTS= >/dev/null
make -s check ${TESTS+TESTS="$TESTS"} || failed=$?

"$PROFDATA" merge -sparse -o counted counters/*.profraw
set --
for program in $(find src tests -type f -perm -u+x ! -name '*.*' | sort); do
	set -- "$@" -object "$program"
done
shift
"$COV" show "$@" -instr-profile=counted -output-dir=lines \
	"$source"/lib/*.c >/dev/null
"$COV" export "$@" -instr-profile=counted -summary-only -format=text \
	"$source"/lib/*.c >summary.json
# A line for each file, and one for what stands after them.
sed 's/{"filename"/\n&/g; s/"totals"/\n&/' summary.json | $AWK -v root="$source/" '
	function number(part, name,	text) {
		text = part
		sub(".*\"" name "\":", "", text)
		return text + 0
	}
	function show(name, l, ls, b, bs) {
		printf "%-20s %5d of %5d %6.2f %%  %5d of %5d %6.2f %%\n",
			name, l, ls, ls ? 100 * l / ls : 100,
			b, bs, bs ? 100 * b / bs : 100
	}
	BEGIN { printf "%-20s %23s  %23s\n", "", "lines", "branches" }
	/^{"filename"/ {
		split($0, quoted, "\"")
		name = quoted[4]
		sub(root, "", name)
		lines = $0
		sub(/.*"lines":/, "", lines)
		sub(/}.*/, "", lines)
		branches = $0
		sub(/.*"branches":/, "", branches)
		sub(/}.*/, "", branches)
		show(name, number(lines, "covered"), number(lines, "count"),
			number(branches, "covered"), number(branches, "count"))
		tl += number(lines, "covered")
		tls += number(lines, "count")
		tb += number(branches, "covered")
		tbs += number(branches, "count")
	}
	END {
		show("lib/*.c", tl, tls, tb, tbs)
		if (100 * tl < 97 * tls || 100 * tb < 90 * tbs || !tls) {
			print "less than 97 % of the lines, " \
				"or 90 % of the branches"
			exit 1
		}
	}' >report || failed=$?
cat report
exit "${failed:-0}"
