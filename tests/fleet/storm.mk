# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fleet/storm.mk - a storm over hosts made of namespaces.

fleet_storm_tests = tests/fleet/storm.test
TESTS += $(fleet_storm_tests)
fleet_storm_long_tests = \
	tests/fleet/storm-continue.test \
	tests/fleet/storm-end.test \
	tests/fleet/storm-fence.test \
	tests/fleet/storm-freeze.test \
	tests/fleet/storm-gap.test \
	tests/fleet/storm-long.test \
	tests/fleet/storm-numbers.test
LONG_TESTS += $(fleet_storm_long_tests)
EXTRA_DIST += $(fleet_storm_tests) $(fleet_storm_long_tests)

check_PROGRAMS += tests/fleet/mayfly tests/fleet/storm
tests_fleet_mayfly_SOURCES = tests/fleet/mayfly.c tests/fleet/sky.h
tests_fleet_mayfly_LDADD =
tests_fleet_storm_SOURCES = $(harness_sources) tests/storm/chance.h \
	tests/fleet/host.c tests/fleet/host.h tests/fleet/mix.h \
	tests/fleet/oracle.c tests/fleet/oracle.h tests/fleet/party.c \
	tests/fleet/party.h tests/fleet/sky.h tests/fleet/storm.c \
	tests/fleet/wire.c tests/fleet/wire.h
# To be preloaded: an rpath, though none uses it, makes it a shared one.
check_LTLIBRARIES = tests/fleet/world.la
tests_fleet_world_la_SOURCES = tests/fleet/world.c
tests_fleet_world_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
