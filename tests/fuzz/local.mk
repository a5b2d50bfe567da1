# SPDX-License-Identifier: GPL-3.0-or-later
# tests/fuzz/local.mk - hostile objects: the library on a kernel of its own, and
# the inputs that were found. seeds makes those to begin with: doc/fuzzing.md.

TESTS += tests/fuzz/fuzz.test
EXTRA_DIST += tests/fuzz/fuzz.test tests/fuzz/run tests/fuzz/corpus

fuzz_sources = \
	tests/fuzz/kernel.c \
	tests/fuzz/target.c
fuzz_headers = \
	tests/fuzz/kernel.h \
	tests/fuzz/seam.h \
	tests/fuzz/target.h
check_PROGRAMS += tests/fuzz/replay
tests_fuzz_replay_SOURCES = $(fuzz_sources) $(fuzz_headers) \
	tests/fuzz/replay.c \
	$(lib_libprocq_core_la_SOURCES)
tests_fuzz_replay_CPPFLAGS = -include $(srcdir)/tests/fuzz/seam.h \
	$(AM_CPPFLAGS)
tests_fuzz_replay_LDADD = $(PROCQ_LIBS)
EXTRA_PROGRAMS += tests/fuzz/seeds
CLEANFILES += tests/fuzz/seeds

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
PHONIES += fuzz
