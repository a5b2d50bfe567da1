/* SPDX-License-Identifier: GPL-3.0-or-later */
/* unit/roster.c - who takes part, in which role, what each waits for, and who
 * is dead. */
#include <config.h>

#include "../kit/tap.h"
#include "../kit/fixture.h"

static struct procq *onlooker;

/* The participant of this process; role 0: there is none. */
static struct procq_participant find(pid_t pid)
{
	struct procq_participant all[8];
	int n = procq_participants(onlooker, all, 8);

	for (int i = 0; i < n && i < 8; i++)
		if (all[i].pid == pid)
			return all[i];
	return (struct procq_participant){ .role = 0 };
}

static void wait_for_ready(void *arg)
{
	struct procq *q = fixture_open(PROCQ_ROLE_CONSUMER, 0);

	(void)arg;
	for (;;)
		procq_wait(q, PROCQ_WAIT_READY, PROCQ_FOREVER);
}

int main(void)
{
	struct procq_participant one, none[1] = { { .pid = -1 } };
	struct procq *q;
	pid_t pid;

	fixture_begin("roster");
	q = fixture_open(PROCQ_ROLE_PRODUCER, 4);
	onlooker = fixture_open(PROCQ_ROLE_ONLOOKER, 0);
	is_int(procq_participants(onlooker, NULL, 0), 1,
	       "an onlooker is no participant");
	one = find(getpid());
	is_int(one.role, PROCQ_ROLE_PRODUCER, "its role");
	ok(one.incarnation == procq_incarnation(q), "its incarnation");
	is_int(one.wants, 0, "it waits for nothing");
	is_int(one.dead, 0, "it is alive");

	pid = fixture_fork(wait_for_ready, NULL);
	while (find(pid).wants == 0)
		fixture_sleep(1000);
	is_int(find(pid).role, PROCQ_ROLE_CONSUMER, "another one");
	is_int(find(pid).wants, PROCQ_WAIT_READY, "waits for a process");
	is_int(procq_participants(onlooker, none, 0), 2, "two are counted");
	is_int(none[0].pid, -1, "none is written where none may be");
	is_int(procq_participants(onlooker, none, 1), 2, "of two");
	is_int(none[0].pid, getpid(), "the first is written");

	need(pid > 0 && kill(pid, SIGSTOP) == 0);
	is_int(find(pid).dead, 0, "a stopped one is alive");
	fixture_end(pid);
	/* q has not looked for the dead since. */
	is_int(find(pid).dead, 1, "a killed one is dead");
	is_int(find(pid).wants, 0, "and waits for nothing");
	procq_close(q);
	is_int(procq_participants(onlooker, NULL, 0), 0,
	       "the last one sweeps after the dead, and leaves");
	procq_close(onlooker);
	return done();
}
