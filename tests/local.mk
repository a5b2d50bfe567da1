# SPDX-License-Identifier: GPL-3.0-or-later
# tests/local.mk - what make check and make check-long run.

# Units: programs that link what they test. Each is tests/NAME.c alone.
unit_tests = \
	tests/test-api \
	tests/test-bell \
	tests/test-between \
	tests/test-close \
	tests/test-distribution \
	tests/test-duration \
	tests/test-ending \
	tests/test-fault \
	tests/test-heap \
	tests/test-identity \
	tests/test-intmap \
	tests/test-member \
	tests/test-output \
	tests/test-race \
	tests/test-reap \
	tests/test-record \
	tests/test-rejoin \
	tests/test-ring \
	tests/test-rseq \
	tests/test-sandbox \
	tests/test-scarcity \
	tests/test-segment \
	tests/test-signame \
	tests/test-slice \
	tests/test-spawn \
	tests/test-summary \
	tests/test-sweep \
	tests/test-table \
	tests/test-take \
	tests/test-tally \
	tests/test-threads \
	tests/test-word

# Shell tests, through the programs as a user runs them.
shell_tests = \
	tests/abi.test \
	tests/advice.test \
	tests/bound.test \
	tests/bystanders.test \
	tests/chaos.test \
	tests/command.test \
	tests/consume.test \
	tests/ending.test \
	tests/example.test \
	tests/exit.test \
	tests/fuzz.test \
	tests/header.test \
	tests/hostile.test \
	tests/kill-consumer.test \
	tests/kill-producer.test \
	tests/order.test \
	tests/output.test \
	tests/procq.test \
	tests/spanish.test \
	tests/stop.test \
	tests/truncate.test \
	tests/usage.test \
	tests/users.test \
	tests/wait.test

# Programs that these run.
helper_programs = \
	tests/chaos \
	tests/helper-bound \
	tests/helper-ignore \
	tests/helper-json \
	tests/helper-orphans \
	tests/helper-unheard

# What they include.
check_headers = \
	tests/calls.h \
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
	tests/killed.test \
	tests/model.test \
	tests/scarcity.test \
	tests/mutants.test
long_programs = \
	tests/crash/crash \
	tests/scarcity/scarcity \
	tests/crash/crash-small

# Each of these calls fails in its turn.
tests_test_scarcity_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup \
	-Wl,--wrap=mmap,--wrap=shm_open,--wrap=shm_unlink \
	-Wl,--wrap=fstat,--wrap=stat,--wrap=fcntl,--wrap=posix_fallocate \
	-Wl,--wrap=fchmod,--wrap=sem_init,--wrap=open,--wrap=read \
	-Wl,--wrap=pipe,--wrap=pipe2,--wrap=opendir

# Others step in at these.
tests_test_between_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=fcntl,--wrap=openat,--wrap=stat \
	-Wl,--wrap=unlink,--wrap=shm_unlink,--wrap=pipe,--wrap=pipe2 \
	-Wl,--wrap=posix_fallocate

# The library is played by the test.
tests_test_ending_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=procq_signal,--wrap=procq_now,--wrap=procq_capacity \
	-Wl,--wrap=realloc

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
# point of each operation, for an hour or two on two cores.
CRASH_OPTIONS = --quick
CRASH_FULL_OPTIONS = --jobs=2

# Each system call fails.
tests_scarcity_scarcity_SOURCES = \
	tests/crash/checker.c \
	tests/crash/crash.h \
	tests/scarcity/calls.c \
	tests/scarcity/scarcity.c \
	tests/scarcity/scarcity.h \
	tests/scarcity/scenes.c \
	tests/scarcity/stage.c \
	tests/scarcity/trace.c
# What make check-long tells it; make check-scarcity: nothing.
SCARCITY_OPTIONS = --quick

# Hostile objects: the library on a kernel of its own, and the inputs that
# were found. seeds makes those to begin with.
fuzz_sources = \
	tests/fuzz/kernel.c \
	tests/fuzz/target.c
fuzz_headers = \
	tests/fuzz/kernel.h \
	tests/fuzz/seam.h \
	tests/fuzz/target.h
tests_fuzz_replay_SOURCES = $(fuzz_sources) $(fuzz_headers) \
	tests/fuzz/replay.c \
	$(lib_libprocq_core_la_SOURCES)
tests_fuzz_replay_CPPFLAGS = -include $(srcdir)/tests/fuzz/seam.h \
	$(AM_CPPFLAGS)
tests_fuzz_replay_LDADD = $(PROCQ_LIBS)
helper_programs += tests/fuzz/replay
EXTRA_PROGRAMS += tests/fuzz/seeds
tests_fuzz_seeds_CPPFLAGS = -I$(srcdir)/tests $(AM_CPPFLAGS)
CLEANFILES += tests/fuzz/seeds
EXTRA_DIST += tests/fuzz/run tests/fuzz/corpus

check_PROGRAMS += $(unit_tests) $(helper_programs)
EXTRA_PROGRAMS += $(long_programs)
TESTS += $(unit_tests) $(shell_tests)
EXTRA_DIST += $(shell_tests) $(LONG_TESTS) $(check_headers) \
	tests/demo.sh tests/example.awk \
	tests/coverage/counters.c tests/coverage/counters.ld \
	tests/coverage/run.sh \
	tests/mutate/run tests/mutate/apply.awk tests/mutate/mutants \
	tests/crash-full.test
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

# Memory, and descriptors: the unit tests and a session under valgrind.
check-valgrind: $(bin_PROGRAMS) $(check_PROGRAMS)
	UNIT_TESTS='$(unit_tests)' \
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/valgrind.test
PHONIES += check-valgrind
EXTRA_DIST += tests/valgrind.test

check-long: $(bin_PROGRAMS) $(check_PROGRAMS) $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS='$(LONG_TESTS)'

check-scarcity: $(bin_PROGRAMS) tests/scarcity/scarcity$(EXEEXT)
	PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
	PROCQ=src/procq$(EXEEXT) tests/scarcity/scarcity$(EXEEXT)

# All mutants of the library; some twenty minutes.
check-mutants: config.h
	@$(AM_TESTS_ENVIRONMENT) \
	$(SHELL) $(srcdir)/tests/mutate/run $(MUTANTS_OPTIONS)

check-model:
	$(SHELL) $(srcdir)/model/run --full $(MODEL_PATTERN)

check-crash: $(long_programs)
	$(MAKE) $(AM_MAKEFLAGS) check-TESTS TESTS=tests/crash-full.test

demo: $(bin_PROGRAMS)
	@PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
	PROCQ=src/procq$(EXEEXT) $(SHELL) $(srcdir)/tests/demo.sh

# What of lib/ the tests run: a build of its own, with gcc, in _coverage.
coverage_dir = _coverage
coverage: all
	test ! -d $(coverage_dir) || chmod -R u+w $(coverage_dir)
	rm -rf $(coverage_dir)
	$(MKDIR_P) $(coverage_dir)/build
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=$(coverage_dir)/source
	cd $(coverage_dir)/build && \
	unset MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS && \
	$(SHELL) ../source/tests/coverage/run.sh ../source

# Each fuzzer looks so long.
FUZZ_SECONDS = 60
FUZZ_CC = clang
FUZZ_FLAGS =
fuzz: config.h
	@abs_top_srcdir='$(abs_top_srcdir)' \
	abs_top_builddir='$(abs_top_builddir)' FUZZ_CC='$(FUZZ_CC)' \
	FUZZ_SECONDS='$(FUZZ_SECONDS)' FUZZ_FLAGS='$(FUZZ_FLAGS)' \
	$(SHELL) $(srcdir)/tests/fuzz/run \
		'$(abs_top_builddir)/tests/fuzz/work' $(fuzz_sources) \
		$(lib_libprocq_core_la_SOURCES)

PHONIES += check-crash check-long check-model check-mutants check-scarcity coverage demo fuzz
