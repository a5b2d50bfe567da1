# SPDX-License-Identifier: GPL-3.0-or-later
# doc/local.mk - make pictures: those of the documents, from a real run. They
# take procq plot, procq top, and tmux.

EXTRA_DIST += doc/pictures doc/terminal.awk doc/run.png doc/top.svg

pictures: all
	PRODUCER=src/producer CONSUMER=src/consumer PROCQ=src/procq \
		PROCQ_BINDIR=src $(SHELL) $(srcdir)/doc/pictures \
		$(srcdir)/doc
PHONIES += pictures

# To be copied, compiled and run: see doc/lab/README.md.
labdir = $(docdir)/lab
dist_lab_DATA = \
	doc/lab/Makefile \
	doc/lab/README.md \
	doc/lab/README.es.md \
	doc/lab/teacher.md \
	doc/lab/teacher.es.md \
	doc/lab/lab.h \
	doc/lab/a-one-struct.c \
	doc/lab/b-sleep.c \
	doc/lab/c-cure.c \
	doc/lab/c-too-early.c \
	doc/lab/d-two-takers.c \
	doc/lab/e-dead-lock.c \
	doc/lab/f-answer.sh \
	doc/lab/f-pid-reuse.c
