#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# run.sh SOURCE - build in the present folder with gcc --coverage, without
# optimization, run make check, and print how much of each file of lib/ has
# run: lines, and branches taken at least once. Lines that have not are marked
# in gcov/*.gcov. Fails if a test does, or if less than 95 % of all lines or
# 85 % of all branches have run. Called by make coverage; TESTS may be in the
# environment, as make check has it.
#
# All processes are counted, also those that are killed: see counters.c. Not
# counted is the shared library, which one test links, and what is in headers.

set -eu
source=$(cd "$1" && pwd)
here=$(pwd)
: "${CC:=gcc}" "${GCOV:=gcov}" "${AWK:=awk}"

# Atomic: processes of a program count in the same memory. Not built-in: gcov
# would write files before a fork or an exec, also in children that share
# their parent's memory.
flags='-g -O0 --coverage -fprofile-update=atomic -fdata-sections'
for name in fork execl execlp execle execv execvp execve; do
	flags="$flags -fno-builtin-$name"
done

mkdir -p counters gcov
# Of the tests, some have users of their own.
chmod 777 counters
rm -f counters/* gcov/*
"$CC" -O2 -fPIC -Wall -Wextra -DCOUNTERS="\"$here/counters/\"" \
	-c "$source/tests/coverage/counters.c" -o counters.o
ar cr libcounters.a counters.o
"$source/configure" -q CC="$CC" CFLAGS="$flags" \
	LDFLAGS="-Wl,-T,$source/tests/coverage/counters.ld \
-Wl,--wrap=__gcov_exit -Wl,-u,__wrap___gcov_exit -L$here -lcounters"
make -s
# What does not compile is no measurement.
make -s check TESTS= >/dev/null
make -s check ${TESTS+TESTS="$TESTS"} || failed=$?

find . -name '*.gcda' -exec rm -f {} +
find src tests -type f -perm -u+x ! -name '*.*' | sort | while read -r program
do
	set -- "counters/${program##*/}".*
	[ ! -e "$1" ] || PROCQ_COVERAGE=dump "./$program"
done

# gcov names a file once for each that includes it: its own comes first.
for data in lib/.libs/*.gcda; do
	name=${data##*/}
	name=${name%.gcda}
	(cd gcov && "$GCOV" -b -o ../lib/.libs "../lib/.libs/$name.gcda") |
		$AWK -v want="lib/$name.c" '
		/^File/ { mine = index($0, want "\x27") > 0 }
		mine && /^Lines executed/ { line = $2 " " $4 }
		mine && /^Taken at least/ { branch = $4 " " $6 }
		mine && /^No branches/ { branch = ":100% 0" }
		END { print want, line, branch }'
done | $AWK '
	function part(percent, all) {
		sub(/.*:/, "", percent)
		return int(percent * all / 100 + 0.5)
	}
	function show(name, l, ls, b, bs) {
		printf "%-20s %5d of %5d %6.2f %%  %5d of %5d %6.2f %%\n",
			name, l, ls, ls ? 100 * l / ls : 100,
			b, bs, bs ? 100 * b / bs : 100
	}
	BEGIN { printf "%-20s %23s  %23s\n", "", "lines", "branches" }
	{
		l = part($2, $3); b = part($4, $5)
		show($1, l, $3, b, $5)
		tl += l; tls += $3; tb += b; tbs += $5
	}
	END {
		show("lib/*.c", tl, tls, tb, tbs)
		if (100 * tl < 95 * tls || 100 * tb < 85 * tbs || !tls) {
			print "less than 95 % of the lines, " \
				"or 85 % of the branches"
			exit 1
		}
	}' >report || failed=$?
cat report
exit "${failed:-0}"
