# SPDX-License-Identifier: GPL-3.0-or-later
# man/local.mk - the programs' pages are made from their own --help, and are
# distributed, for those who build without help2man or for another machine.
# In a clone these have none to install; make dist fails for them. So it is
# with the Spanish pages, which are made from the English ones by po4a.

program_mans = man/producer.1 man/consumer.1 man/procq.1
spanish_mans = man/es/producer.1 man/es/consumer.1 man/es/procq.1
# Of programs that are built where their libraries are.
if HAVE_PLOT
program_mans += man/procq-plot.1
spanish_mans += man/es/procq-plot.1
endif
if HAVE_TOP
program_mans += man/procq-top.1
spanish_mans += man/es/procq-top.1
endif
if HAVE_FLEET
program_mans += man/procq-fleet.1
spanish_mans += man/es/procq-fleet.1
endif
dist_man_MANS += man/procq.7 man/libprocq.3
if HAVE_FLEET
dist_man_MANS += man/procq-fleet.7
endif
if HAVE_PROGRAM_MANS
dist_man_MANS += $(program_mans)
else
EXTRA_DIST += $(program_mans)
install-data-hook:
	@echo 'procq: the manual pages of the programs are NOT installed:' \
		'there was no help2man for them' >&2
endif
# man procq_open, and so on: a page for each function, which is the library's.
man/functions/stamp: lib/procq.h
	$(AM_V_GEN)rm -rf man/functions && $(MKDIR_P) man/functions && \
	for f in `sed -n '/^PROCQ_API/{s/(.*//;s/.*[ *]//;p;}' \
		$(srcdir)/lib/procq.h`; do \
		echo '.so man3/libprocq.3' >man/functions/$$f.3 || exit 1; \
	done && : >$@
all-local: man/functions/stamp
# In each language that the library's page is in.
function_dirs = '$(DESTDIR)$(man3dir)'
if HAVE_SPANISH_MANS
function_dirs += '$(DESTDIR)$(es_man3dir)'
endif
install-data-local: man/functions/stamp
	for folder in $(function_dirs); do \
		$(MKDIR_P) "$$folder" && \
		$(INSTALL_DATA) man/functions/*.3 "$$folder" || exit 1; \
	done
uninstall-local: man/functions/stamp
	cd man/functions && for page in *.3; do \
		for folder in $(function_dirs); do \
			rm -f "$$folder/$$page"; \
		done; \
	done
clean-functions:
	rm -rf man/functions
PHONIES += clean-functions

man_parts = man/producer.x man/consumer.x man/procq.x man/procq-plot.x \
	man/procq-top.x man/procq-fleet.x
EXTRA_DIST += $(man_parts) man/dummy-man man/tidy.awk

# In the build folder they are made; those of a tarball, which is its own
# build folder then, stay until the maintainer cleans.
made_mans = $(program_mans) $(spanish_mans) man/es/procq.7 man/es/procq-fleet.7 \
	man/es/libprocq.3
MAINTAINERCLEANFILES += $(made_mans)
CLEANFILES += man/*.1-[tu] man/es/*.[137]-t
distclean-man:
	test '$(srcdir)' = . || rm -f $(made_mans)
PHONIES += distclean-man

if HAVE_HELP2MAN
man_from_help = LC_ALL=C $(HELP2MAN) --no-info \
	--source='$(PACKAGE_STRING)'
man_tidy = $(AWK) -f $(srcdir)/man/tidy.awk
else
man_from_help = $(SHELL) $(srcdir)/man/dummy-man
man_tidy = cat
endif

# Never in place: a page that was begun and not finished would look newer
# than the program. The page and the program have the same name.
man_recipe = $(AM_V_GEN)$(MKDIR_P) man && \
	name=`basename $@ .1` && \
	$(man_from_help) --include=$(srcdir)/man/$$name.x \
		--output=$@-u src/$$name$(EXEEXT) && \
	$(man_tidy) $@-u >$@-t && rm -f $@-u && \
	mv $@-t $@

man/producer.1: src/producer$(EXEEXT) man/producer.x man/tidy.awk configure.ac
	$(man_recipe)
man/consumer.1: src/consumer$(EXEEXT) man/consumer.x man/tidy.awk configure.ac
	$(man_recipe)
man/procq.1: src/procq$(EXEEXT) man/procq.x man/tidy.awk configure.ac
	$(man_recipe)
man/procq-top.1: src/procq-top$(EXEEXT) man/procq-top.x man/tidy.awk \
		configure.ac
	$(man_recipe)
man/procq-fleet.1: src/procq-fleet$(EXEEXT) man/procq-fleet.x man/tidy.awk \
		configure.ac
	$(man_recipe)
man/procq-plot.1: src/procq-plot$(EXEEXT) man/procq-plot.x man/tidy.awk \
		configure.ac
	$(man_recipe)

# Spanish. The catalogue has each paragraph once; what it lacks stays English.
EXTRA_DIST += man/translate man/po/es.po
if HAVE_SPANISH_MANS
es_man3dir = $(mandir)/es/man3
dist_es_man3_DATA = man/es/libprocq.3
es_man7dir = $(mandir)/es/man7
dist_es_man7_DATA = man/es/procq.7
if HAVE_FLEET
dist_es_man7_DATA += man/es/procq-fleet.7
endif
else
EXTRA_DIST += man/es/libprocq.3 man/es/procq.7 man/es/procq-fleet.7
endif
if HAVE_SPANISH_PROGRAM_MANS
es_man1dir = $(mandir)/es/man1
dist_es_man1_DATA = $(spanish_mans)
else
EXTRA_DIST += $(spanish_mans)
endif

if HAVE_PO4A
man_in_spanish = page $(srcdir)/man/po/es.po
else
man_in_spanish = keep $(srcdir)/$@
endif
spanish_recipe = $(AM_V_GEN)$(MKDIR_P) man/es && \
	page=man/`basename $@` && \
	{ test -f $$page || page=$(srcdir)/$$page; } && \
	$(SHELL) $(srcdir)/man/translate $(man_in_spanish) $$page $@-t && \
	mv $@-t $@
spanish_needs = man/translate man/po/es.po

man/es/producer.1: man/producer.1 $(spanish_needs)
	$(spanish_recipe)
man/es/consumer.1: man/consumer.1 $(spanish_needs)
	$(spanish_recipe)
man/es/procq.1: man/procq.1 $(spanish_needs)
	$(spanish_recipe)
man/es/procq-top.1: man/procq-top.1 $(spanish_needs)
	$(spanish_recipe)
man/es/procq-plot.1: man/procq-plot.1 $(spanish_needs)
	$(spanish_recipe)
man/es/procq-fleet.1: man/procq-fleet.1 $(spanish_needs)
	$(spanish_recipe)
man/es/procq.7: man/procq.7 $(spanish_needs)
	$(spanish_recipe)
man/es/procq-fleet.7: man/procq-fleet.7 $(spanish_needs)
	$(spanish_recipe)
man/es/libprocq.3: man/libprocq.3 $(spanish_needs)
	$(spanish_recipe)

# What the English pages have anew goes into the catalogue, untranslated, in
# their order.
update-man-po: man/producer.1 man/consumer.1 man/procq.1 man/procq-top.1 \
		man/procq-plot.1 man/procq-fleet.1
	$(SHELL) $(srcdir)/man/translate update $(srcdir)/man/po/es.po \
		man/producer.1 man/consumer.1 man/procq.1 \
		$(srcdir)/man/procq.7 \
		man/procq-top.1 man/procq-plot.1 man/procq-fleet.1 \
		$(srcdir)/man/procq-fleet.7 $(srcdir)/man/libprocq.3
PHONIES += update-man-po
