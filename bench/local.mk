# SPDX-License-Identifier: GPL-3.0-or-later
# bench/local.mk - make bench: procq and what one would use instead, side by
# side in one run. Prints, and writes a report; asserts nothing.

bench_programs = \
	bench/churn \
	bench/ending \
	bench/list \
	bench/nothing
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
bench_nothing_SOURCES = bench/nothing.c
bench_nothing_LDADD =
bench_nothing_LDFLAGS = -all-static

# One bound over many machines, and its peers: with libpq.
if HAVE_FLEET
fleet_bench_programs = bench/fleet/rates bench/fleet/handover \
	bench/fleet/idle
bench_programs += $(fleet_bench_programs)
fleet_bench_common = bench/rounds.c bench/rounds.h
bench_fleet_rates_SOURCES = bench/fleet/rates.c bench/fleet/peers.c \
	bench/fleet/peers.h bench/fleet/resp.c bench/fleet/resp.h \
	bench/fleet/look.c bench/fleet/look.h bench/bare.c bench/bare.h \
	$(fleet_bench_common)
bench_fleet_rates_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
bench_fleet_rates_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/bench
bench_fleet_rates_LDADD = lib/libprocq-core.la $(FLEET_LIBS)
bench_fleet_handover_SOURCES = bench/fleet/handover.c bench/fleet/look.c \
	bench/fleet/look.h $(fleet_bench_common)
bench_fleet_handover_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/bench
bench_fleet_handover_LDADD = lib/libprocq-core.la
bench_fleet_idle_SOURCES = bench/fleet/idle.c bench/fleet/peers.c \
	bench/fleet/peers.h bench/fleet/resp.c bench/fleet/resp.h \
	$(fleet_bench_common)
bench_fleet_idle_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
bench_fleet_idle_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/bench
bench_fleet_idle_LDADD = $(FLEET_LIBS)
endif
EXTRA_DIST += bench/fleet/run

EXTRA_DIST += bench/run bench/growth bench/rate bench/top bench/ledger \
	bench/report.awk bench/RESULTS.md
CLEANFILES += $(bench_programs) bench/report.tsv bench/machine.tsv

# Which comparisons: all of them, or some of churn, ending, list, growth,
# rate, top, fleet.
BENCH =
bench: $(bin_PROGRAMS) $(bench_programs)
	SHELL='$(SHELL)' $(SHELL) $(srcdir)/bench/run . $(BENCH)
bench-programs: $(bench_programs)
PHONIES += bench bench-programs

# A run in the source tree renews its report; one elsewhere has its own.
mostlyclean-local:
	test $(srcdir) = . || rm -f bench/RESULTS.md
