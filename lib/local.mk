# SPDX-License-Identifier: GPL-3.0-or-later
# lib/local.mk - libprocq: compiled once, linked twice. The programs take the
# convenience library into themselves, so that they need no shared library;
# the installed one is the very same objects. No flags of its own on either:
# Automake would then compile everything twice.

noinst_LTLIBRARIES += lib/libprocq-core.la
lib_libprocq_core_la_SOURCES = \
	lib/backoff.h \
	lib/bell.c lib/bell.h \
	lib/child.c lib/child.h \
	lib/clock.h \
	lib/command.c lib/command.h \
	lib/fields.h \
	lib/flight.c lib/flight.h \
	lib/format.c lib/format.h \
	lib/handle.c lib/handle.h \
	lib/identity.c lib/identity.h \
	lib/inspect.c \
	lib/intmap.c lib/intmap.h \
	lib/layout.h \
	lib/lock.c lib/lock.h \
	lib/member.c lib/member.h \
	lib/nest.c lib/nest.h \
	lib/peek.c lib/peek.h \
	lib/procq.c \
	lib/raw.h \
	lib/reap.c \
	lib/record.c lib/record.h \
	lib/ring.c lib/ring.h \
	lib/segment.c lib/segment.h \
	lib/spawn.c lib/spawn.h \
	lib/sweep.c lib/sweep.h \
	lib/take.c lib/take.h \
	lib/unforked.h \
	lib/wait.c lib/wait.h \
	lib/word.h
lib_libprocq_core_la_LIBADD = $(PROCQ_LIBS)

include_HEADERS += lib/procq.h
pkgconfig_DATA += lib/libprocq.pc

lib_LTLIBRARIES += lib/libprocq.la
lib_libprocq_la_SOURCES =
lib_libprocq_la_LIBADD = lib/libprocq-core.la
lib_libprocq_la_LDFLAGS = $(AM_LDFLAGS) -no-undefined \
	-version-info $(LIBPROCQ_VERSION_INFO)
if HAVE_VERSION_SCRIPT
lib_libprocq_la_LDFLAGS += \
	-Wl,--version-script=$(top_srcdir)/lib/libprocq.sym
endif
lib_libprocq_la_DEPENDENCIES = lib/libprocq-core.la lib/libprocq.sym
EXTRA_DIST += lib/libprocq.sym
