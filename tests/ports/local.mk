# SPDX-License-Identifier: GPL-3.0-or-later
# tests/ports/local.mk - other C libraries, machines and sets of features, each
# tested, and each two at one queue. See doc/testing.md.

EXTRA_DIST += \
	tests/ports/emulate \
	tests/ports/emulator \
	tests/ports/run

# Some twenty minutes; PORTS and PORTS_TESTS in the environment choose less.
check-ports: config.h
	@$(SHELL) $(srcdir)/tests/ports/run $(srcdir)
PHONIES += check-ports
