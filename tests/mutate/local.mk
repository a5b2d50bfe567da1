# SPDX-License-Identifier: GPL-3.0-or-later
# tests/mutate/local.mk - is a test red when a rule of the library is dropped?
# See doc/mutants.md.

TESTS += tests/mutate/fit.test
LONG_TESTS += tests/mutate/mutants.test tests/mutate/fleet.test
EXTRA_DIST += \
	tests/mutate/apply.awk \
	tests/mutate/caught \
	tests/mutate/fit.test \
	tests/mutate/fleet \
	tests/mutate/fleet.test \
	tests/mutate/generate.awk \
	tests/mutate/mutants \
	tests/mutate/mutants.test \
	tests/mutate/run \
	tests/mutate/run-fleet

# All mutants of the library; some twenty minutes.
check-mutants: config.h
	@$(AM_TESTS_ENVIRONMENT) \
	$(SHELL) $(srcdir)/tests/mutate/run $(MUTANTS_OPTIONS)

# The same of src/fleet/.
check-mutants-fleet: $(check_PROGRAMS) $(bin_PROGRAMS)
	@$(AM_TESTS_ENVIRONMENT) \
	$(SHELL) $(srcdir)/tests/mutate/run-fleet $(MUTANTS_OPTIONS)
PHONIES += check-mutants-fleet
PHONIES += check-mutants
