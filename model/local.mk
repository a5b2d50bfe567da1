# SPDX-License-Identifier: GPL-3.0-or-later
# model/local.mk - the models, for those who have spin: doc/model.md.

LONG_TESTS += model/model.test
EXTRA_DIST += \
	model/bell.pml \
	model/entry.pml \
	model/lease.pml \
	model/fleet.pml \
	model/gap.pml \
	model/life.pml \
	model/limit.pml \
	model/model.test \
	model/permit.pml \
	model/queue.pml \
	model/remove.pml \
	model/run \
	model/sem.pml \
	model/share.pml \
	model/standby.pml \
	model/tally.pml

check-model:
	$(SHELL) $(srcdir)/model/run --full $(MODEL_PATTERN)
PHONIES += check-model
