# SPDX-License-Identifier: GPL-3.0-or-later
# probes/local.mk - scripts for bpftrace, which look at the programs where they
# are installed. doc/probes.md has what they look at.

probe_scripts = \
	probes/endings.bt \
	probes/swept.bt \
	probes/waits.bt
EXTRA_DIST += \
	probes/endings.bt.in \
	probes/swept.bt.in \
	probes/waits.bt.in
if HAVE_PROBES
probesdir = $(pkgdatadir)/probes
probes_DATA = $(probe_scripts)
endif
CLEANFILES += $(probe_scripts)

probe_recipe = $(AM_V_GEN)$(MKDIR_P) probes && \
	sed 's|@bindir''@|$(bindir)|' $(srcdir)/$@.in >$@-t && mv $@-t $@
probes/endings.bt: probes/endings.bt.in
	$(probe_recipe)
probes/swept.bt: probes/swept.bt.in
	$(probe_recipe)
probes/waits.bt: probes/waits.bt.in
	$(probe_recipe)
