# SPDX-License-Identifier: GPL-3.0-or-later
# bench/local.mk - make bench: procq and what one would use instead, side by
# side in one run. Prints, and writes a report; asserts nothing.

bench_programs = \
	bench/churn \
	bench/ending \
	bench/list
EXTRA_PROGRAMS += $(bench_programs)

bench_churn_SOURCES = bench/churn.c bench/bare.c bench/bare.h \
	bench/rounds.c bench/rounds.h
bench_churn_LDADD =
# Not lib/, where there is another spawn.h.
bench_churn_CPPFLAGS =
bench_ending_SOURCES = bench/ending.c bench/bare.c bench/bare.h \
	bench/rounds.c bench/rounds.h
bench_ending_LDADD = lib/libprocq-core.la
bench_list_SOURCES = bench/list.c bench/rounds.c bench/rounds.h
bench_list_LDADD =
bench_list_CPPFLAGS =

