# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fleet/local.mk - one bound over many machines, with a PostgreSQL of the
# test's own.

fleet_tests = \
	tests/fleet/bound.test \
	tests/fleet/people.test \
	tests/fleet/sql.test
TESTS += $(fleet_tests)
LONG_TESTS += tests/fleet/bound-long.test
EXTRA_DIST += $(fleet_tests) tests/fleet/bound-long.test tests/fleet/server.sh
