# SPDX-License-Identifier: GPL-3.0-or-later
# example/local.mk - programs that use libprocq, installed to be read.

examplesdir = $(docdir)/examples
dist_examples_DATA = \
	example/README \
	example/loop.c \
	example/oldest.py \
	example/pool.c
