# SPDX-License-Identifier: GPL-3.0-or-later
# man/local.mk - the programs' pages are made from their own --help, and are
# distributed, for those who build without help2man or for another machine.
# In a clone these have none to install; make dist fails for them.

program_mans = man/producer.1 man/consumer.1 man/procq.1
# Of programs that are built where their libraries are.
if HAVE_PLOT
program_mans += man/procq-plot.1
endif
if HAVE_TOP
program_mans += man/procq-top.1
endif
dist_man_MANS += man/procq.7 man/libprocq.3
if HAVE_PROGRAM_MANS
dist_man_MANS += $(program_mans)
else
EXTRA_DIST += $(program_mans)
install-data-hook:
	@echo 'procq: the manual pages of the programs are NOT installed:' \
		'there was no help2man for them' >&2
endif
man_parts = man/producer.x man/consumer.x man/procq.x man/procq-plot.x \
	man/procq-top.x
EXTRA_DIST += $(man_parts) man/dummy-man

# In the build folder they are made; those of a tarball, which is its own
# build folder then, stay until the maintainer cleans.
MAINTAINERCLEANFILES += $(program_mans)
CLEANFILES += man/*.1-t
distclean-man:
	test '$(srcdir)' = . || rm -f $(program_mans)
PHONIES += distclean-man

if HAVE_HELP2MAN
man_from_help = LC_ALL=C $(HELP2MAN) --no-info \
	--source='$(PACKAGE_STRING)'
else
man_from_help = $(SHELL) $(srcdir)/man/dummy-man
endif

# Never in place: a page that was begun and not finished would look newer
# than the program. The page and the program have the same name.
man_recipe = $(AM_V_GEN)$(MKDIR_P) man && \
	name=`basename $@ .1` && \
	$(man_from_help) --include=$(srcdir)/man/$$name.x \
		--output=$@-t src/$$name$(EXEEXT) && \
	mv $@-t $@

man/producer.1: src/producer$(EXEEXT) man/producer.x configure.ac
	$(man_recipe)
man/consumer.1: src/consumer$(EXEEXT) man/consumer.x configure.ac
	$(man_recipe)
man/procq.1: src/procq$(EXEEXT) man/procq.x configure.ac
	$(man_recipe)
man/procq-top.1: src/procq-top$(EXEEXT) man/procq-top.x configure.ac
	$(man_recipe)
man/procq-plot.1: src/procq-plot$(EXEEXT) man/procq-plot.x configure.ac
	$(man_recipe)
