/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * together/close.c - a handle that is closed while its children are still on
 * the way into the queue: with their parent's memory for their own, they may
 * not have it taken from under their feet.
 */
#include <config.h>

#include "../kit/tap.h"

#include "../kit/fixture.h"

#define CHILDREN 8
#define ROUNDS 50

static pid_t pids[CHILDREN];

/* Starts that many, and closes at once. */
static void start_and_close(unsigned method)
{
	struct procq_command idle = PROCQ_COMMAND_INIT;
	struct procq *q = fixture_open(PROCQ_ROLE_PRODUCER, CHILDREN);

	idle.method = method;
	idle.flags = PROCQ_SPAWN_KEEP;
	for (int i = 0; i < CHILDREN; i++) {
		struct procq_process p;

		need(procq_spawn(q, &idle, &p) == 0);
		pids[i] = p.pid;
	}
	procq_close(q);
}

/* How each of them ended: by our signal if it was still alive, or because it
 * found its reservation taken back. */
static int end_them(void)
{
	int crashed = 0;

	for (int i = 0; i < CHILDREN; i++) {
		int how;

		need(pids[i] > 1);
		kill(pids[i], SIGTERM);
		how = fixture_wait(pids[i]);
		if (how != -SIGTERM && how != 0) {
			note("child %d: %s %d", i, how < 0 ? "signal" : "exit",
			     how < 0 ? -how : how);
			crashed++;
		}
	}
	return crashed;
}

static void close_early(unsigned method, const char *what)
{
	int crashed = 0;

	for (int round = 0; round < fixture_rounds(ROUNDS); round++) {
		start_and_close(method);
		/* Time to come to harm, for those that are not through. */
		fixture_sleep(2000000);
		crashed += end_them();
		fixture_clean();
	}
	is_int(crashed, 0, what);
}

int main(void)
{
	fixture_begin("close");
	close_early(PROCQ_METHOD_FORK, "fork: closing early harms no child");
	close_early(PROCQ_METHOD_AUTO, "auto: closing early harms no child");
	return done();
}
