# SPDX-License-Identifier: GPL-3.0-or-later
# tests/coverage/local.mk - what of lib/ the tests run: a build of its own, with
# clang, in _coverage.

EXTRA_DIST += tests/coverage/run.sh

coverage_dir = _coverage
coverage: all
	test ! -d $(coverage_dir) || chmod -R u+w $(coverage_dir)
	rm -rf $(coverage_dir)
	$(MKDIR_P) $(coverage_dir)/build
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=$(coverage_dir)/source
	cd $(coverage_dir)/build && \
	unset MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS && \
	$(SHELL) ../source/tests/coverage/run.sh ../source
PHONIES += coverage
