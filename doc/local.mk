# SPDX-License-Identifier: GPL-3.0-or-later
# doc/local.mk - make pictures: those of the documents, from a real run.

EXTRA_DIST += doc/pictures doc/run.png

pictures: all
	PRODUCER=src/producer CONSUMER=src/consumer PROCQ=src/procq \
		PROCQ_BINDIR=src $(SHELL) $(srcdir)/doc/pictures \
		$(srcdir)/doc
PHONIES += pictures
