# SPDX-License-Identifier: GPL-3.0-or-later
# tests/unit/local.mk - programs that test one room of lib/ or src/, that of
# their name. Each is NAME.c alone.

unit_tests = \
	tests/unit/api \
	tests/unit/bell \
	tests/unit/distribution \
	tests/unit/duration \
	tests/unit/escalation \
	tests/unit/fault \
	tests/unit/fields \
	tests/unit/heap \
	tests/unit/identity \
	tests/unit/intmap \
	tests/unit/member \
	tests/unit/output \
	tests/unit/reap \
	tests/unit/record \
	tests/unit/ring \
	tests/unit/rseq \
	tests/unit/segment \
	tests/unit/signame \
	tests/unit/slice \
	tests/unit/spawn \
	tests/unit/summary \
	tests/unit/sweep \
	tests/unit/table \
	tests/unit/take \
	tests/unit/tally \
	tests/unit/word
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)

# make check-valgrind runs it, with these and those of together/.
EXTRA_DIST += tests/unit/valgrind.test
