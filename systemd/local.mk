# SPDX-License-Identifier: GPL-3.0-or-later
# systemd/local.mk - services that keep a queue full, and recycle it. They are
# for the administrator to copy: make install puts them into a folder of their
# own.

systemdexampledir = $(pkgdatadir)/systemd
systemd_units = \
	systemd/procq-producer@.service \
	systemd/procq-consumer@.service \
	systemd/procq-fleet@.service
nodist_systemdexample_DATA = $(systemd_units)
dist_systemdexample_DATA = systemd/procq.default systemd/procq.sysusers
EXTRA_DIST += $(systemd_units:=.in) systemd/hardening.conf
CLEANFILES += $(systemd_units)

$(systemd_units): $(srcdir)/systemd/hardening.conf systemd/local.mk
	$(AM_V_GEN)$(MKDIR_P) systemd && sed -e 's|[@]bindir@|$(bindir)|' \
		-e '/^[@]hardening@$$/{' \
		-e 'r $(srcdir)/systemd/hardening.conf' -e 'd' -e '}' \
		'$(srcdir)/$@.in' >'$@-t' && mv '$@-t' '$@'
systemd/procq-producer@.service: systemd/procq-producer@.service.in
systemd/procq-consumer@.service: systemd/procq-consumer@.service.in
systemd/procq-fleet@.service: systemd/procq-fleet@.service.in
