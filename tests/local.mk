# SPDX-License-Identifier: GPL-3.0-or-later
# tests/local.mk - how make check and make check-long run their tests. What
# they run, the file of each folder says; README.md, which folder holds what.

EXTRA_DIST += tests/README.md

# Those that take longer than make check may. Shell only; a program that one
# of them needs goes into long_programs.
LONG_TESTS =
long_programs =
EXTRA_PROGRAMS += $(long_programs)
CLEANFILES += $(long_programs)

include tests/kit/local.mk
include tests/unit/local.mk
include tests/together/local.mk
include tests/library/local.mk
include tests/program/local.mk
include tests/fleet/local.mk
include tests/fleet/storm.mk
include tests/storm/local.mk
include tests/crash/local.mk
include tests/scarcity/local.mk
include tests/fuzz/local.mk
include tests/mutate/local.mk
include tests/ports/local.mk
include tests/coverage/local.mk

LDADD = src/libprograms.la

TEST_EXTENSIONS = .test
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
TEST_LOG_DRIVER = $(LOG_DRIVER)
TEST_LOG_COMPILER = $(SHELL)

# The programs, for those who run them; the compiler, for those who compile.
AM_TESTS_ENVIRONMENT = \
	export abs_top_srcdir='$(abs_top_srcdir)'; \
	export abs_top_builddir='$(abs_top_builddir)'; \
	export srcdir='$(abs_top_srcdir)/tests'; \
	export builddir='$(abs_top_builddir)/tests'; \
	export TEST_SHELL='$(SHELL)'; \
	export PRODUCER='$(abs_top_builddir)/src/producer$(EXEEXT)'; \
	export CONSUMER='$(abs_top_builddir)/src/consumer$(EXEEXT)'; \
	export PROCQ='$(abs_top_builddir)/src/procq$(EXEEXT)'; \
	export CC='$(CC)'; \
	export CXX='$(CXX)'; \
	export NM='$(NM)'; \
	export AWK='$(AWK)'; \
	export CPPFLAGS='$(CPPFLAGS)'; \
	export CFLAGS='$(PROCQ_CFLAGS) $(CFLAGS)'; \
	export LDFLAGS='$(PROCQ_LDFLAGS) $(LDFLAGS)'; \
	export LIBTOOL='$(abs_top_builddir)/libtool'; \
	export CRASH_OPTIONS='$(CRASH_OPTIONS)'; \
	export SCARCITY_OPTIONS='$(SCARCITY_OPTIONS)'; \
	export LIBS='$(PROCQ_LIBS) $(LTLIBINTL) $(LIBS)'; \
	export CRASH_FULL_OPTIONS='$(CRASH_FULL_OPTIONS)'; \
	unset PROCQ_QUEUE; export LC_ALL=C;

# Memory, and descriptors: the programs of unit/ and together/, and a session,
# under valgrind.
check-valgrind: $(bin_PROGRAMS) $(check_PROGRAMS)
	UNIT_TESTS='$(unit_tests) $(together_tests)' \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/unit/valgrind.test

check-long: $(bin_PROGRAMS) $(check_PROGRAMS) $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(LONG_TESTS)'

PHONIES += check-long check-valgrind
