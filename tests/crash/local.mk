# SPDX-License-Identifier: GPL-3.0-or-later
# tests/crash/local.mk - SIGKILL at every instruction: doc/crash.md.

LONG_TESTS += tests/crash/crash.test
EXTRA_DIST += tests/crash/crash.test tests/crash/crash-full.test
long_programs += tests/crash/crash tests/crash/crash-small

# Bound at the start, or finding each function for the first time would be most
# of the instructions.
tests_crash_crash_SOURCES = $(harness_sources) \
	tests/crash/actor.c tests/crash/checker.c \
	tests/crash/crash.c tests/crash/crash.h tests/crash/groups.c \
	tests/crash/hands.h tests/crash/leases.c \
	tests/crash/ops.c tests/crash/permits.c tests/crash/point.c \
	tests/crash/small.h tests/crash/step.c tests/crash/worlds.c
tests_crash_crash_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now

# The same, with a library of its own whose loops have few rounds.
tests_crash_crash_small_SOURCES = $(tests_crash_crash_SOURCES) \
	$(lib_libprocq_core_la_SOURCES)
tests_crash_crash_small_CPPFLAGS = -include $(srcdir)/tests/crash/small.h \
	$(AM_CPPFLAGS)
tests_crash_crash_small_LDFLAGS = $(tests_crash_crash_LDFLAGS)
tests_crash_crash_small_LDADD = $(PROCQ_LIBS)

# What make check-long tells the one, and make check-crash the other: each
# point of each operation, for an hour or two on two cores.
CRASH_OPTIONS = --quick
CRASH_FULL_OPTIONS = --jobs=2

check-crash: $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/crash/crash-full.test
PHONIES += check-crash
