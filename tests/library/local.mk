# SPDX-License-Identifier: GPL-3.0-or-later
# tests/library/local.mk - shell tests of the library as others get it: its
# header, its symbols.

library_tests = \
	tests/library/abi.test \
	tests/library/example.test \
	tests/library/header.test \
	tests/library/plugin.test \
	tests/library/programs.test \
	tests/library/public.test
TESTS += $(library_tests)
EXTRA_DIST += $(library_tests)
