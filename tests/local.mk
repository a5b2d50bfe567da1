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
include tests/storm/local.mk
include tests/crash/local.mk
include tests/scarcity/local.mk
include tests/fuzz/local.mk
include tests/mutate/local.mk
include tests/coverage/local.mk

LDADD = src/libprograms.la

TEST_EXTENSIONS = .test
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
	$(top_srcdir)/build-aux/tap-driver.sh
TEST_LOG_DRIVER = $(LOG_DRIVER)
TEST_LOG_COMPILER = $(SHELL)

# The programs, for those who run them; the compiler, for those who compile.
AM_TESTS_ENVIRONMENT = \
	abs_top_srcdir='$(abs_top_srcdir)'; export abs_top_srcdir; \
	abs_top_builddir='$(abs_top_builddir)'; export abs_top_builddir; \
	srcdir='$(abs_top_srcdir)/tests'; export srcdir; \
	builddir='$(abs_top_builddir)/tests'; export builddir; \
	TEST_SHELL='$(SHELL)'; export TEST_SHELL; \
	PRODUCER='$(abs_top_builddir)/src/producer$(EXEEXT)'; \
	export PRODUCER; \
	CONSUMER='$(abs_top_builddir)/src/consumer$(EXEEXT)'; \
	export CONSUMER; \
	PROCQ='$(abs_top_builddir)/src/procq$(EXEEXT)'; export PROCQ; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; \
	NM='$(NM)'; export NM; AWK='$(AWK)'; export AWK; \
	CPPFLAGS='$(CPPFLAGS)'; export CPPFLAGS; \
	CFLAGS='$(PROCQ_CFLAGS) $(CFLAGS)'; export CFLAGS; \
	LDFLAGS='$(PROCQ_LDFLAGS) $(LDFLAGS)'; export LDFLAGS; \
	LIBTOOL='$(abs_top_builddir)/libtool'; export LIBTOOL; \
	CRASH_OPTIONS='$(CRASH_OPTIONS)'; export CRASH_OPTIONS; \
	SCARCITY_OPTIONS='$(SCARCITY_OPTIONS)'; export SCARCITY_OPTIONS; \
	LIBS='$(PROCQ_LIBS) $(LTLIBINTL) $(LIBS)'; export LIBS; \
	CRASH_FULL_OPTIONS='$(CRASH_FULL_OPTIONS)'; \
	export CRASH_FULL_OPTIONS; \
	unset PROCQ_QUEUE; LC_ALL=C; export LC_ALL;

# Memory, and descriptors: the programs of unit/ and together/, and a session,
# under valgrind.
check-valgrind: $(bin_PROGRAMS) $(check_PROGRAMS)
	UNIT_TESTS='$(unit_tests) $(together_tests)' \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/unit/valgrind.test

check-long: $(bin_PROGRAMS) $(check_PROGRAMS) $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(LONG_TESTS)'

PHONIES += check-long check-valgrind
