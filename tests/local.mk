# SPDX-License-Identifier: GPL-3.0-or-later
# tests/local.mk - what make check and make check-long run.

# Units: programs that link what they test. Each is tests/NAME.c alone.
unit_tests = \
	tests/test-close \
	tests/test-distribution \
	tests/test-duration \
	tests/test-escalation \
	tests/test-intmap \
	tests/test-member \
	tests/test-output \
	tests/test-record \
	tests/test-ring \
	tests/test-segment \
	tests/test-signame \
	tests/test-summary \
	tests/test-sweep \
	tests/test-table \
	tests/test-tally \
	tests/test-word

# Shell tests, through the programs as a user runs them.
shell_tests = \
	tests/abi.test \
	tests/bound.test \
	tests/bystanders.test \
	tests/chaos.test \
	tests/command.test \
	tests/consume.test \
	tests/example.test \
	tests/exit.test \
	tests/header.test \
	tests/hostile.test \
	tests/kill-consumer.test \
	tests/kill-producer.test \
	tests/order.test \
	tests/stop.test \
	tests/usage.test \
	tests/users.test \
	tests/wait.test

# Programs that these run.
helper_programs = \
	tests/chaos \
	tests/helper-bound \
	tests/helper-ignore \
	tests/helper-json \
	tests/helper-orphans

# What they include.
check_headers = \
	tests/fixture.h \
	tests/tap.h \
	tests/chaos.sh \
	tests/lib.sh

# Those that take longer than make check may. Shell only; a program that one
# of them needs goes into long_programs.
LONG_TESTS = \
	tests/bystanders-long.test \
	tests/chaos-long.test \
	tests/crash.test \
	tests/model.test
long_programs = \
	tests/crash/crash \
	tests/crash/crash-small

# SIGKILL at every instruction. Bound at the start, or finding each function
# for the first time would be most of the instructions.
tests_crash_crash_SOURCES = \
	tests/crash/actor.c \
	tests/crash/checker.c \
	tests/crash/crash.c \
	tests/crash/crash.h \
	tests/crash/hands.h \
	tests/crash/ops.c \
	tests/crash/point.c \
	tests/crash/small.h \
	tests/crash/step.c
tests_crash_crash_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now

# The same, with a library of its own whose loops have few rounds.
tests_crash_crash_small_SOURCES = $(tests_crash_crash_SOURCES) \
	$(lib_libprocq_core_la_SOURCES)
tests_crash_crash_small_CPPFLAGS = -include $(srcdir)/tests/crash/small.h \
	$(AM_CPPFLAGS)
tests_crash_crash_small_LDFLAGS = $(tests_crash_crash_LDFLAGS)
tests_crash_crash_small_LDADD = $(PROCQ_LIBS)

# What make check-long tells the one, and make check-crash the other: each
# point of each operation, for an hour on two cores.
CRASH_OPTIONS = --quick
CRASH_FULL_OPTIONS = --jobs=2

check_PROGRAMS += $(unit_tests) $(helper_programs)
EXTRA_PROGRAMS += $(long_programs)
TESTS += $(unit_tests) $(shell_tests)
EXTRA_DIST += $(shell_tests) $(LONG_TESTS) $(check_headers) \
	tests/crash-full.test \
	tests/demo.sh tests/example.awk
CLEANFILES += $(long_programs)

LDADD = src/libcommon.la

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
	CRASH_FULL_OPTIONS='$(CRASH_FULL_OPTIONS)'; \
	export CRASH_FULL_OPTIONS; \
	unset PROCQ_QUEUE; LC_ALL=C; export LC_ALL;

check-long: $(bin_PROGRAMS) $(check_PROGRAMS) $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(LONG_TESTS)'

check-crash: $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/crash-full.test

demo: $(bin_PROGRAMS)
	@PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
	PROCQ=src/procq$(EXEEXT) $(SHELL) $(srcdir)/tests/demo.sh
PHONIES += check-long check-crash demo
