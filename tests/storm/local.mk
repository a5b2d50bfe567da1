# SPDX-License-Identifier: GPL-3.0-or-later
# tests/storm/local.mk - participants are killed all the time, and processes of
# strangers come and go beside them.

storm_tests = \
	tests/storm/bystanders.test \
	tests/storm/chaos.test \
	tests/storm/guests.test
storm_long_tests = \
	tests/storm/bystanders-long.test \
	tests/storm/chaos-long.test \
	tests/storm/guests-long.test
TESTS += $(storm_tests)
LONG_TESTS += $(storm_long_tests)
EXTRA_DIST += $(storm_tests) $(storm_long_tests) tests/storm/chaos.sh

check_PROGRAMS += tests/storm/chaos
tests_storm_chaos_SOURCES = $(harness_sources) tests/storm/chaos.c
