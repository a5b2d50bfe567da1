/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * unit/peek.c - lib/peek.c: a look at a dead child leaves it as it is.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#include "peek.h"

static void exit_7(void *arg)
{
	(void)arg;
	_exit(7);
}

static void test_look(void)
{
	pid_t pid = fixture_bystander(), exited = fixture_fork(exit_7, NULL);
	struct pq_corpse corpse;

	fixture_await_death(exited);
	is_int(pq_peek(P_PID, pid, &corpse), 0, "a child that is alive");
	is_int(pq_child_dead(pid), 0, "is not dead");
	for (int i = 0; i < 2; i++) {
		is_int(pq_peek(P_PID, exited, &corpse), 1,
		       "a dead one is seen,");
		ok(corpse.info.si_pid == exited &&
		   corpse.info.si_code == CLD_EXITED &&
		   corpse.info.si_status == 7, "with its status");
	}
	is_int(pq_peek(P_ALL, 0, &corpse), 1, "among all children, too");
	is_int(corpse.info.si_pid, exited, "the one that is dead");
	is_int(pq_child_dead(exited), 1, "it is dead");
	is_int(fixture_wait(exited), 7, "and there to be reaped");
	is_int(pq_peek(P_PID, exited, &corpse), -ECHILD, "then it is gone,");
	ok(pq_child_dead(exited), "which is no life");
	is_int(pq_peek(P_ALL, 0, &corpse), 0, "the other one lives");
	fixture_kill(pid);
	ok(pq_peek(P_PID, pid, &corpse) == 1 &&
	   corpse.info.si_code == CLD_KILLED &&
	   corpse.info.si_status == SIGKILL, "until it is killed");
	fixture_wait(pid);
	is_int(pq_peek(P_ALL, 0, &corpse), -ECHILD, "now there is none");
}

static void hear(int signo)
{
	(void)signo;
}

static void hear_more(int signo, siginfo_t *info, void *context)
{
	(void)signo, (void)info, (void)context;
}

static void stay(bool want, int flags, void (*handler)(int), const char *what)
{
	struct sigaction sa = { .sa_flags = flags };

	sa.sa_handler = handler;
	need(sigaction(SIGCHLD, &sa, NULL) == 0);
	is_int(pq_zombies_stay(), want, what);
}

static void test_stay(void)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	stay(true, 0, SIG_DFL, "zombies stay");
	stay(false, 0, SIG_IGN, "not if the signal is ignored");
	stay(false, SA_NOCLDWAIT, SIG_DFL, "nor if they are not wanted");
	stay(true, 0, hear, "they do if it is heard");
	stay(false, SA_NOCLDWAIT, hear, "but for this");
	sa.sa_sigaction = hear_more;
	need(sigaction(SIGCHLD, &sa, NULL) == 0);
	is_int(pq_zombies_stay(), true, "also by the other kind of handler");
	stay(true, 0, SIG_DFL, "and as before");
}

int main(void)
{
	fixture_begin("peek");
	test_look();
	test_stay();
	return done();
}
