# SPDX-License-Identifier: GPL-3.0-or-later
# bench/local.mk - make bench: procq and what one would use instead, side by
# side in one run. Prints, and writes a report; asserts nothing: but killed does
# in make check-long.

bench_programs = \
	bench/churn \
	bench/ending \
	bench/handover \
	bench/killed
EXTRA_PROGRAMS += $(bench_programs)

bench_churn_SOURCES = bench/churn.c bench/bare.c bench/bare.h bench/pair.c \
	bench/pair.h bench/rounds.c bench/rounds.h
bench_churn_LDADD =
# Not lib/, where there is another spawn.h.
bench_churn_CPPFLAGS =
bench_ending_SOURCES = bench/ending.c bench/bare.c bench/bare.h \
	bench/rounds.c bench/rounds.h
bench_ending_LDADD = lib/libprocq-core.la
# What hands over records.
bench_systems = bench/systems.c bench/systems.h bench/mapping.h \
	bench/transport.h bench/rounds.c bench/rounds.h
bench_handover_SOURCES = bench/handover.c $(bench_systems)
bench_handover_LDADD = lib/libprocq-core.la -ldl
# Bound at the start, or finding each function would be most of the steps.
bench_killed_SOURCES = bench/killed.c $(bench_systems)
bench_killed_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,now
bench_killed_LDADD = lib/libprocq-core.la -ldl
# A record handed over, with SIGKILL at each instruction.
LONG_TESTS += bench/killed.test
EXTRA_DIST += bench/killed.test
check-long: bench/killed$(EXEEXT)

EXTRA_DIST += bench/run bench/growth bench/instructions bench/calls \
	bench/budget bench/report.awk bench/chart.awk bench/peer-ck.c \
	bench/peer-rte.c bench/RESULTS.md
CLEANFILES += $(bench_programs) bench/report.tsv bench/machine.tsv \
	bench/results.svg bench/strace.log bench/peer-ck.so bench/peer-ck.log \
	bench/peer-rte.so bench/peer-rte.log

# Which comparisons: all of them, or some of churn, ending, handover, killed,
# growth, instructions; or calls, which is no part of the report.
BENCH =
bench: $(bin_PROGRAMS) $(bench_programs)
	SHELL='$(SHELL)' CC='$(CC)' $(SHELL) $(srcdir)/bench/run . $(BENCH)
bench-programs: $(bench_programs)
PHONIES += bench bench-programs

# A run in the source tree renews its report; one elsewhere has its own.
mostlyclean-local:
	test $(srcdir) = . || rm -f bench/RESULTS.md
