# SPDX-License-Identifier: GPL-3.0-or-later
# lib/local.mk - libprocq: compiled once, linked twice. The programs take the
# convenience library into themselves, so that they need no shared library;
# the installed one is the very same objects. No flags of its own on either:
# Automake would then compile everything twice.

# Five storeys. A room calls and includes those of lower storeys and of its own,
# in no circle; the parent's rooms and the taker's never those of each other.
# tests/unit/storeys.test reads these lists.
lib_doors = \
	lib/arrivals.c \
	lib/consumer.c \
	lib/holder.c \
	lib/inspect.c \
	lib/names.c \
	lib/open.c \
	lib/permits.c \
	lib/producer.c \
	lib/resident.c \
	lib/roster.c \
	lib/wait.c lib/wait.h
lib_sides = \
	lib/handle.c lib/handle.h
lib_parent = \
	lib/child.c lib/child.h \
	lib/command.c lib/command.h \
	lib/nest.c lib/nest.h \
	lib/reap.c \
	lib/spawn.c lib/spawn.h
lib_taker = \
	lib/collect.c lib/collect.h \
	lib/flight.c lib/flight.h \
	lib/gap.c lib/gap.h \
	lib/rest.c lib/rest.h \
	lib/take.c lib/take.h \
	lib/verdict.c lib/verdict.h
lib_queue = \
	lib/bell.c lib/bell.h \
	lib/gone.c lib/gone.h \
	lib/buckets.c lib/buckets.h \
	lib/fence.c lib/fence.h \
	lib/lease.c lib/lease.h \
	lib/limit.c lib/limit.h \
	lib/member.c lib/member.h \
	lib/permit.c lib/permit.h \
	lib/ration.c lib/ration.h \
	lib/record.c lib/record.h \
	lib/sweep.c lib/sweep.h \
	lib/tally.c lib/tally.h \
	lib/term.h
lib_object = \
	lib/build.c lib/build.h \
	lib/format.c lib/format.h \
	lib/layout.h \
	lib/lock.c lib/lock.h \
	lib/object.c lib/object.h \
	lib/segment.c lib/segment.h \
	lib/unlink.c lib/unlink.h \
	lib/view.h
lib_ground = \
	lib/backoff.h \
	lib/clock.h \
	lib/fields.h \
	lib/fill.c lib/fill.h \
	lib/identity.c lib/identity.h \
	lib/intmap.c lib/intmap.h \
	lib/owner.c lib/owner.h \
	lib/peek.c lib/peek.h \
	lib/probe.h \
	lib/proc.c lib/proc.h \
	lib/procq.h \
	lib/raw.h \
	lib/ring.c lib/ring.h \
	lib/sem.c lib/sem.h \
	lib/unforked.h \
	lib/word.h

noinst_LTLIBRARIES += lib/libprocq-core.la
lib_libprocq_core_la_SOURCES = $(lib_doors) $(lib_sides) $(lib_parent) \
	$(lib_taker) $(lib_queue) $(lib_object) $(lib_ground)
lib_libprocq_core_la_LIBADD = $(PROCQ_LIBS)

include_HEADERS += lib/procq.h
pkgconfig_DATA += lib/libprocq.pc

lib_LTLIBRARIES += lib/libprocq.la
lib_libprocq_la_SOURCES =
lib_libprocq_la_LIBADD = lib/libprocq-core.la
lib_libprocq_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined $(PROCQ_NODELETE) \
	-version-info $(LIBPROCQ_VERSION_INFO)
if HAVE_VERSION_SCRIPT
lib_libprocq_la_LDFLAGS += \
	-Wl,--version-script=$(top_srcdir)/lib/libprocq.sym
endif
lib_libprocq_la_DEPENDENCIES = lib/libprocq-core.la lib/libprocq.sym
EXTRA_DIST += lib/libprocq.sym
