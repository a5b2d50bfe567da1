# SPDX-License-Identifier: GPL-3.0-or-later
# build-aux/local.mk - the whole as a package: tarball and Debian.

EXTRA_DIST += \
	bootstrap README.md README.es.md HACKING COPYING.LESSER \
	debian/changelog \
	debian/clean \
	debian/control \
	debian/copyright \
	debian/libprocq-dev.docs \
	debian/libprocq-dev.examples \
	debian/libprocq-dev.install \
	debian/libprocq0.install \
	debian/libprocq0.symbols \
	debian/not-installed \
	debian/procq-fleet.install \
	debian/procq-ui.install \
	debian/procq.docs \
	debian/procq.install \
	debian/procq.postinst \
	debian/rules \
	debian/salsa-ci.yml \
	debian/source/format \
	debian/source/lintian-overrides \
	debian/tests/control \
	debian/tests/fleet \
	debian/tests/library \
	debian/tests/session

# The design: to read.
design_files = \
	doc/crash.md \
	doc/design.md \
	doc/field.md \
	doc/fleet-database.md \
	doc/fleet-licences.md \
	doc/fleet.md \
	doc/fuzzing.md \
	doc/model.md \
	doc/performance.md \
	doc/ports.md \
	doc/probes.md \
	doc/recycling.md \
	doc/testing.md \
	doc/ledger.md \
	doc/mutants.md \
	doc/scarcity.md \
	doc/tried.md \
	model/bell.pml \
	model/entry.pml \
	model/fleet.pml \
	model/gap.pml \
	model/life.pml \
	model/queue.pml \
	model/remove.pml \
	model/run \
	model/tally.pml
EXTRA_DIST += $(design_files)

# What compiles nothing, but reads: see doc/analysis.md.
analyze: config.h
	$(SHELL) $(srcdir)/build-aux/analyze $(srcdir) $(DEFS) \
		$(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CPPFLAGS) -std=gnu11 \
		$(PLOT_CFLAGS) $(TOP_CFLAGS) $(FLEET_CFLAGS) $(PROCQ_WARNINGS)
PHONIES += analyze
EXTRA_DIST += .clang-tidy src/.clang-tidy build-aux/analyze doc/analysis.md

distclean-local: distclean-man
dist-hook: dist-changelog

# Those who have only the tarball have no git log: in a clone it is written
# into the ChangeLog, which a tarball hands on as it is. Whoever runs make here
# trusts the clone, even if it is somebody else's.
dist-changelog:
	@test ! -e $(srcdir)/.git || \
	if git -c safe.directory='*' -C $(srcdir) --no-pager log \
		--no-merges --no-show-signature --no-color \
		--encoding=UTF-8 --date=short \
		--format='%ad  The procq authors%n%n%w(0,2,2)%B' \
		>$(distdir)/ChangeLog-t; then \
		sed 's/ *$$//' $(distdir)/ChangeLog-t >$(distdir)/ChangeLog-u && \
		rm -f $(distdir)/ChangeLog $(distdir)/ChangeLog-t && \
		mv $(distdir)/ChangeLog-u $(distdir)/ChangeLog; \
	else \
		rm -f $(distdir)/ChangeLog-t; \
		echo "ChangeLog: no history in it, for want of git" >&2; \
	fi
PHONIES += dist-changelog

# The Debian packages, from a clean copy in the build folder. The names
# without a version are for apt install ./procq.deb.
deb_dir = _deb
deb: all
	rm -rf $(deb_dir)
	$(MKDIR_P) $(deb_dir)
	$(MAKE) $(AM_MAKEFLAGS) distdir distdir=$(deb_dir)/$(PACKAGE)-$(VERSION)
	cd $(deb_dir)/$(PACKAGE)-$(VERSION) && \
	unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CXXFLAGS CPPFLAGS LDFLAGS && \
	DEB_BUILD_OPTIONS="$${DEB_BUILD_OPTIONS-nocheck}" \
		dpkg-buildpackage -us -uc
	for p in procq procq-ui procq-fleet libprocq0 libprocq-dev; do \
		cp $(deb_dir)/$${p}_$(VERSION)_*.deb $$p.deb || exit 1; \
	done
	rm -rf $(deb_dir)/$(PACKAGE)-$(VERSION)
	ls -l *.deb
CLEANFILES += procq.deb procq-ui.deb procq-fleet.deb libprocq0.deb \
	libprocq-dev.deb
clean-local: clean-functions
	rm -rf $(deb_dir) _purge $(coverage_dir) tests/fuzz/work
PHONIES += deb

# Are they gone when they are purged?
check-purge:
	@$(SHELL) $(srcdir)/build-aux/purge
PHONIES += check-purge
EXTRA_DIST += build-aux/purge
