# SPDX-License-Identifier: GPL-3.0-or-later
# tests/kit/local.mk - what the tests of the other folders share.

check_headers = \
	tests/kit/alike.h \
	tests/kit/calls.h tests/kit/events.h tests/kit/syscalls.h \
	tests/kit/forbid.h tests/kit/machine.h \
	tests/kit/fixture.h tests/kit/records.h tests/kit/taking.h \
	tests/kit/tap.h tests/kit/tap.sh tests/kit/lib.sh tests/kit/spanish.sh
EXTRA_DIST += $(check_headers) tests/kit/example.awk \
	tests/kit/openmetrics.awk

# Those that disturb at every point: crash, scarcity, chaos.
harness_sources = tests/kit/harness.c tests/kit/harness.h

# Programs that the shell tests run: see helper() in lib.sh.
helper_programs = \
	tests/kit/helper-bound \
	tests/kit/helper-ignore \
	tests/kit/helper-json \
	tests/kit/helper-orphans \
	tests/kit/helper-pty \
	tests/kit/helper-session \
	tests/kit/helper-unheard
check_PROGRAMS += $(helper_programs)
tests_kit_helper_session_SOURCES = \
	tests/kit/helper-session.c tests/kit/alike.c
