# SPDX-License-Identifier: GPL-3.0-or-later
# bench/local.mk - make bench: the programs and what one would write instead,
# side by side in one run. Prints; asserts nothing.

EXTRA_PROGRAMS += bench/bench
bench_bench_LDADD =
CLEANFILES += bench/bench$(EXEEXT)

# What the benchmark is told: -n PROCESSES, -r ROUNDS.
BENCHFLAGS =
bench: $(bin_PROGRAMS) bench/bench$(EXEEXT)
	bench/bench$(EXEEXT) $(BENCHFLAGS) src/producer$(EXEEXT) \
		src/consumer$(EXEEXT)
PHONIES += bench
