# SPDX-License-Identifier: GPL-3.0-or-later
# bench/local.mk - make bench: side by side, in one run. Prints; asserts
# nothing.

bench_programs =
bench_scripts =

EXTRA_PROGRAMS += $(bench_programs)
EXTRA_DIST += $(bench_scripts)
CLEANFILES += $(bench_programs)

bench: all $(bench_programs)
	@for script in $(bench_scripts); do \
		PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
		PROCQ=src/procq$(EXEEXT) BENCH=$(abs_top_builddir)/bench \
		$(SHELL) $(srcdir)/$$script || exit 1; \
	done
PHONIES += bench
