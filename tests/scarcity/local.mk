# SPDX-License-Identifier: GPL-3.0-or-later
# tests/scarcity/local.mk - each system call fails: doc/scarcity.md.

LONG_TESTS += tests/scarcity/scarcity.test
EXTRA_DIST += tests/scarcity/scarcity.test
long_programs += tests/scarcity/scarcity
tests_scarcity_scarcity_SOURCES = $(harness_sources) \
	tests/crash/checker.c tests/crash/crash.h \
	tests/scarcity/calls.c \
	tests/scarcity/scarcity.c tests/scarcity/scarcity.h \
	tests/scarcity/scenes.c tests/scarcity/stage.c tests/scarcity/trace.c

# What make check-long tells it; make check-scarcity: nothing.
SCARCITY_OPTIONS = --quick

check-scarcity: $(bin_PROGRAMS) tests/scarcity/scarcity$(EXEEXT)
	PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
	PROCQ=src/procq$(EXEEXT) tests/scarcity/scarcity$(EXEEXT)
PHONIES += check-scarcity
