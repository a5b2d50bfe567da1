# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fleet/local.mk - one bound over many machines, with a PostgreSQL of the
# test's own.

fleet_tests = \
	tests/fleet/badday.test \
	tests/fleet/bound.test \
	tests/fleet/cut.test \
	tests/fleet/people.test \
	tests/fleet/permit.test \
	tests/fleet/permit-sql.test \
	tests/fleet/restore.test \
	tests/fleet/session.test \
	tests/fleet/sql.test \
	tests/fleet/view.test
TESTS += $(fleet_tests)
fleet_long_tests = \
	tests/fleet/bound-end.test \
	tests/fleet/bound-long.test \
	tests/fleet/clock.test \
	tests/fleet/cut-long.test \
	tests/fleet/disk.test \
	tests/fleet/failover.test \
	tests/fleet/permit-long.test \
	tests/fleet/pooler.test
LONG_TESTS += $(fleet_long_tests)
EXTRA_DIST += $(fleet_tests) $(fleet_long_tests) tests/fleet/living.sh \
	tests/fleet/server.sh

# What cut.test runs.
if HAVE_FLEET
check_PROGRAMS += tests/fleet/cut
tests_fleet_cut_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
tests_fleet_cut_LDADD = $(LDADD) $(FLEET_LIBS)
endif

EXTRA_DIST += tests/fleet/demo.sh
demo-fleet: $(bin_PROGRAMS)
	@srcdir=$(srcdir)/tests builddir=tests abs_top_builddir=$(abs_top_builddir) \
	$(SHELL) $(srcdir)/tests/fleet/demo.sh
PHONIES += demo-fleet
