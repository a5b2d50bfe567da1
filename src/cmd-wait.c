/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-wait.c - procq wait: until a queue is empty.
 *
 * Must not be a participant: then the last one to leave could not remove the
 * queue. So it only looks.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "procq-cmd.h"

/* How often it looks, in ns. */
#define INTERVAL (100 * NS_PER_MS)

static void wait_print(const struct request *r, bool empty, bool gone)
{
	struct line l;
	struct json j;

	if (r->form != TABLE_JSON)
		return;
	begin_json(&j, &l, r);
	json_truth(&j, "empty", empty);
	json_truth(&j, "gone", gone);
	print_json(&j);
}

/* How many processes are in the queue? Looks the name up each time, because
 * another queue may have taken its place. Returns 0 or -errno. */
static int wait_look(const struct request *r, struct procq_options *o,
		     uint64_t *n)
{
	struct procq_stat s;
	struct procq *q;
	int err = request_join(r, PROCQ_ROLE_ONLOOKER, o, &q);

	if (err < 0)
		return err;
	err = procq_stat(q, &s);
	procq_close(q);
	*n = err < 0 ? 0 : living(&s);
	return err;
}

static int wait_timed_out(const struct request *r, uint64_t n)
{
	wait_print(r, false, false);
	if (r->verbose)
		complain(P_("queue '%s': %ju process is still in it",
			    "queue '%s': %ju processes are still in it",
			    (unsigned long)n), r->queue, (uintmax_t)n);
	return EXIT_WAITED;
}

static void pause_until(int64_t deadline)
{
	int64_t left = time_min(deadline - procq_now(), INTERVAL);
	struct timespec t = { 0, 0 };

	if (left <= 0)
		return;
	t.tv_nsec = (long)left;
	nanosleep(&t, NULL);
}

static int cmd_wait_run(struct request *r)
{
	int64_t deadline = time_after(procq_now(), r->wait);
	struct procq_options o;
	uint64_t n = 0;

	for (;;) {
		int err = wait_look(r, &o, &n);

		if (err == -ENOENT || (err == 0 && n == 0)) {
			wait_print(r, true, err == -ENOENT);
			return EXIT_DONE;
		}
		/* A queue that is being set up is in use. */
		if (err < 0 && err != -ETIMEDOUT)
			return complain_request(r, &o, err);
		if (procq_now() >= deadline)
			return wait_timed_out(r, n);
		pause_until(deadline);
	}
}

const struct command cmd_wait = {
	.name = "wait",
	.summary = N_("wait until a queue is empty"),
	.text = N_("Wait until no process that is alive is in a queue, or the "
"queue is gone.\n"),
	.takes = TAKES_NAME | TAKES_EMPTY | TAKES_WAIT,
	.run = cmd_wait_run,
};
