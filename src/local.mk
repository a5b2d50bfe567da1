# SPDX-License-Identifier: GPL-3.0-or-later
# src/local.mk - the three programs, and what they share.

noinst_LTLIBRARIES += src/libprograms.la
src_libprograms_la_SOURCES = \
	src/args.c src/args.h \
	src/brake.c src/brake.h \
	src/cgroup.c src/cgroup.h \
	src/columns.c src/columns.h \
	src/complain.c src/complain.h \
	src/decimal.c src/decimal.h \
	src/distribution.c src/distribution.h \
	src/due.c src/due.h \
	src/duration.c src/duration.h \
	src/ended.c src/ended.h \
	src/ending.c src/ending.h \
	src/ending-list.c src/ending-list.h \
	src/event.c src/event.h \
	src/fault.c src/fault.h \
	src/fleet-lock.c src/fleet-lock.h \
	src/fleet-start.c src/fleet-start.h \
	src/folder.c src/folder.h \
	src/hint.c src/hint.h \
	src/groups.c src/groups.h \
	src/headroom.c src/headroom.h \
	src/histogram.c src/histogram.h \
	src/i18n.h \
	src/jobs.c src/jobs.h \
	src/json.c src/json.h \
	src/line.c src/line.h \
	src/openmetrics.c src/openmetrics.h \
	src/options.c src/options.h \
	src/output.c src/output.h \
	src/pace.c src/pace.h \
	src/plan.c src/plan.h \
	src/program.c src/program.h \
	src/progress.c src/progress.h \
	src/resume.c src/resume.h \
	src/run.c src/run.h \
	src/run-options.c \
	src/run-waits.c \
	src/safe.c src/safe.h \
	src/shortage.c src/shortage.h \
	src/signals.c src/signals.h \
	src/signame.c src/signame.h \
	src/seqs.c src/seqs.h \
	src/slice.c src/slice.h \
	src/snapshot.c src/snapshot.h \
	src/stray.c src/stray.h \
	src/summary.c src/summary.h \
	src/summary-print.c \
	src/table.c src/table.h \
	src/tenure.c src/tenure.h \
	src/trouble.c src/trouble.h \
	src/writer.c src/writer.h
src_libprograms_la_LIBADD = lib/libprocq-core.la $(LTLIBINTL) \
	$(THREAD_LIBS) -lm

bin_PROGRAMS += src/producer src/consumer src/procq
src_producer_SOURCES = \
	src/producer-args.c \
	src/children.c src/children.h \
	src/producer.c src/producer.h \
	src/producer-cgroup.c \
	src/producer-end.c \
	src/producer-headroom.c \
	src/producer-lines.c \
	src/producer-options.c \
	src/producer-replace.c \
	src/producer-resume.c \
	src/producer-room.c \
	src/producer-start.c \
	src/producer-stray.c
src_producer_LDADD = src/libprograms.la
src_consumer_SOURCES = \
	src/consumer.c src/consumer.h \
	src/consumer-options.c \
	src/consumer-take.c \
	src/large.c src/large.h \
	src/pick.c src/pick.h
src_consumer_LDADD = src/libprograms.la
src_procq_SOURCES = \
	src/cmd-check.c \
	src/cmd-close.c \
	src/cmd-common.c \
	src/cmd-end.c \
	src/cmd-lease.c \
	src/cmd-limit.c \
	src/cmd-list.c \
	src/cmd-remove.c \
	src/cmd-show.c \
	src/cmd-stat.c \
	src/cmd-wait.c \
	src/metrics.c \
	src/outside.c src/outside.h \
	src/procq-cmd.h \
	src/procq.c
src_procq_LDADD = src/libprograms.la

# Programs of their own, for the sake of their libraries.
AM_CPPFLAGS += -DBINDIR='"$(bindir)"'
if HAVE_PLOT
bin_PROGRAMS += src/procq-plot
src_procq_plot_SOURCES = \
	src/plot/canvas.c src/plot/canvas.h \
	src/plot/draw.c src/plot/draw.h \
	src/plot/log.c src/plot/log.h \
	src/plot/plot.c \
	src/plot/scene.c src/plot/scene.h
src_procq_plot_CFLAGS = $(PLOT_CFLAGS) $(AM_CFLAGS)
src_procq_plot_LDADD = src/libprograms.la $(PLOT_LIBS)
endif
if HAVE_TOP
bin_PROGRAMS += src/procq-top
src_procq_top_SOURCES = \
	src/top/feed.c src/top/feed.h \
	src/top/fleet.c src/top/fleet.h \
	src/top/grid.c src/top/grid.h \
	src/top/hosts.c src/top/hosts.h \
	src/top/panels.c src/top/panels.h \
	src/top/terminal.c src/top/terminal.h \
	src/top/top.c \
	src/top/view.c src/top/view.h
src_procq_top_CFLAGS = $(TOP_CFLAGS) $(AM_CFLAGS)
src_procq_top_LDADD = src/libprograms.la $(TOP_LIBS)
endif
if HAVE_FLEET
bin_PROGRAMS += src/procq-fleet
src_procq_fleet_SOURCES = \
	src/fleet/ask.c \
	src/fleet/books.c \
	src/fleet/clock.c src/fleet/clock.h \
	src/fleet/engine.c src/fleet/engine.h \
	src/fleet/fleet.c src/fleet/fleet.h \
	src/fleet/grant.c src/fleet/grant.h \
	src/fleet/helper.c src/fleet/helper.h \
	src/fleet/hold.c src/fleet/hold.h \
	src/fleet/hosts.c \
	src/fleet/list.c \
	src/fleet/metrics.c \
	src/fleet/notify.c src/fleet/notify.h \
	src/fleet/people.c \
	src/fleet/permit.c src/fleet/permit.h \
	src/fleet/remove.c \
	src/fleet/places.c src/fleet/places.h \
	src/fleet/remedy.c src/fleet/remedy.h \
	src/fleet/rows.c src/fleet/rows.h \
	src/fleet/seat.c src/fleet/seat.h \
	src/fleet/show.c \
	src/fleet/tell.c src/fleet/tell.h \
	src/fleet/url.c src/fleet/url.h \
	src/fleet/wait.c \
	src/fleet/watch.c
nodist_src_procq_fleet_SOURCES = src/fleet/schema.c
src_procq_fleet_CFLAGS = $(FLEET_CFLAGS) $(AM_CFLAGS)
src_procq_fleet_LDADD = src/libprograms.la $(FLEET_LIBS)
endif
# The rooms of the server's side, in order: one text, for tests and people who
# would rather run a file; and the same in the program, which so needs no file
# beside it.
fleet_sql = \
	src/fleet/sql/schema.sql \
	src/fleet/sql/server.sql \
	src/fleet/sql/parts.sql \
	src/fleet/sql/permit.sql \
	src/fleet/sql/host.sql \
	src/fleet/sql/people.sql \
	src/fleet/sql/view.sql \
	src/fleet/sql/rights.sql
EXTRA_DIST += $(fleet_sql)
noinst_DATA = src/fleet/fleet.sql
CLEANFILES += src/fleet/fleet.sql src/fleet/schema.c

src/fleet/fleet.sql: $(fleet_sql) src/local.mk
	$(AM_V_GEN)$(MKDIR_P) src/fleet && for f in $(fleet_sql); do \
		cat $(srcdir)/$$f || exit; done >$@-t && mv $@-t $@

src/fleet/schema.c: src/fleet/fleet.sql
	$(AM_V_GEN){ echo '/* Made from fleet.sql. */' && \
		echo '#include "fleet/fleet.h"' && \
		echo 'const char *const fleet_schema[] = {' && \
		sed -e 's/[\\"]/\\&/g' -e 's/^/"/' -e 's/$$/",/' \
			src/fleet/fleet.sql && \
		echo '0 };'; } >$@-t && mv $@-t $@
