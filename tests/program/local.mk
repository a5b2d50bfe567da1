# SPDX-License-Identifier: GPL-3.0-or-later
# tests/program/local.mk - shell tests, through the programs as a user runs
# them.

program_tests = \
	tests/program/advice.test \
	tests/program/args.test \
	tests/program/bound.test \
	tests/program/close.test \
	tests/program/cgroup.test \
	tests/program/command.test \
	tests/program/completion.test \
	tests/program/consume.test \
	tests/program/container.test \
	tests/program/due.test \
	tests/program/end.test \
	tests/program/ending.test \
	tests/program/examples.test \
	tests/program/exit.test \
	tests/program/group.test \
	tests/program/hints.test \
	tests/program/headroom.test \
	tests/program/gap.test \
	tests/program/hostile.test \
	tests/program/kill-consumer.test \
	tests/program/kill-producer.test \
	tests/program/lab.test \
	tests/program/ledger.test \
	tests/program/lease.test \
	tests/program/limit.test \
	tests/program/lost.test \
	tests/program/manual.test \
	tests/program/memory.test \
	tests/program/order.test \
	tests/program/output.test \
	tests/program/pace.test \
	tests/program/plot.test \
	tests/program/probes.test \
	tests/program/procq.test \
	tests/program/readme.test \
	tests/program/removed.test \
	tests/program/replace.test \
	tests/program/report.test \
	tests/program/security.test \
	tests/program/spanish.test \
	tests/program/stop.test \
	tests/program/stray.test \
	tests/program/top.test \
	tests/program/systemd.test \
	tests/program/truncate.test \
	tests/program/unread.test \
	tests/program/usage.test \
	tests/program/users.test \
	tests/program/wait.test
TESTS += $(program_tests)
EXTRA_DIST += $(program_tests)

# With servers, for a quarter or half of a minute.
LONG_TESTS += tests/program/recycling.test tests/program/session.test
EXTRA_DIST += tests/program/recycling.test tests/program/session.test

EXTRA_DIST += tests/program/demo.sh
demo: $(bin_PROGRAMS)
	@PRODUCER=src/producer$(EXEEXT) CONSUMER=src/consumer$(EXEEXT) \
	PROCQ=src/procq$(EXEEXT) $(SHELL) $(srcdir)/tests/program/demo.sh
PHONIES += demo
