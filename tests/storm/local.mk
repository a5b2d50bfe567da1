# SPDX-License-Identifier: GPL-3.0-or-later
# tests/storm/local.mk - participants are killed all the time, processes of
# strangers come and go beside them, and a gap and a limit are to be kept.

storm_tests = \
	tests/storm/bystanders.test \
	tests/storm/chaos.test \
	tests/storm/gap.test \
	tests/storm/guests.test \
	tests/storm/lease.test \
	tests/storm/limit.test \
	tests/storm/unread.test \
	tests/storm/worlds.test
storm_long_tests = \
	tests/storm/bystanders-long.test \
	tests/storm/chaos-long.test \
	tests/storm/gap-long.test \
	tests/storm/guests-long.test \
	tests/storm/lease-long.test \
	tests/storm/limit-long.test \
	tests/storm/unread-long.test \
	tests/storm/worlds-long.test
TESTS += $(storm_tests)
LONG_TESTS += $(storm_long_tests)
EXTRA_DIST += $(storm_tests) $(storm_long_tests) tests/storm/chaos.sh

check_PROGRAMS += tests/storm/bounds tests/storm/chaos \
	tests/storm/unread tests/storm/worlds
tests_storm_bounds_SOURCES = $(harness_sources) tests/storm/alone.h \
	tests/storm/chance.h tests/storm/bounds.c
tests_storm_chaos_SOURCES = $(harness_sources) tests/storm/alone.h \
	tests/storm/chance.h tests/storm/chaos.c
tests_storm_unread_SOURCES = $(harness_sources) tests/storm/alone.h \
	tests/storm/chance.h tests/storm/unread.c
tests_storm_worlds_SOURCES = $(harness_sources) tests/storm/alone.h \
	tests/storm/chance.h tests/storm/worlds.c
