/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-limit.c - procq limit: how many processes of a queue may exist at once,
 * from now on.
 *
 * Must not end a process: if more exist, nothing is started until enough are
 * over.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "options.h"
#include "procq-cmd.h"
#include "safe.h"

/* What the queue was, and is. */
struct change {
	uint32_t before, now, max;
	uint32_t over;		/* how many more exist */
	bool removed;
};

static void say(const struct request *r, const struct change *c)
{
	struct line l;
	struct json j;

	if (r->form == TABLE_JSON) {
		begin_json(&j, &l, r);
		json_count(&j, "capacity", c->now);
		json_count(&j, "before", c->before);
		json_count(&j, "max", c->max);
		json_count(&j, "over", c->over);
		json_truth(&j, "removed", c->removed);
		print_json(&j);
		return;
	}
	/* The last participant to leave an empty queue removes it. */
	if (c->removed) {
		complain(_("queue '%s': removed, because it was empty and not "
			   "in use"), r->queue);
		return;
	}
	if (!r->verbose)
		return;
	complain(_("queue '%s': at most %" PRIu32 " processes at once, not %"
		   PRIu32), r->queue, c->now, c->before);
	if (c->over > 0)
		complain(_("%" PRIu32 " more exist: nothing is started until "
			   "so many are over"), c->over);
}

static int refuse(const struct request *r, uint32_t limit, uint32_t max)
{
	complain(_("queue '%s': it is built for at most %" PRIu32
		   " processes, not %" PRIu32), r->queue, max, limit);
	complain(_("'procq close --stop %s' ends it; then 'producer --max=%"
		   PRIu32 "' builds it for more"), shell_word(r->queue).text,
		 limit);
	return EXIT_FAILED;
}

static int cmd_limit_run(struct request *r)
{
	struct change c = { 0 };
	struct procq *q;
	uint32_t limit;
	int status, over;

	if (strcmp(r->number, "0") == 0)
		usage_error(_("a limit of 0 lets nothing start; use 'procq "
			      "close'"));
	limit = (uint32_t)option_operand(r->number, 1, PROCQ_CAPACITY_MAX);
	status = request_open(r, PROCQ_ROLE_KEEPER, &q);
	if (status != EXIT_DONE)
		return status;
	c.now = limit;
	c.before = procq_limit(q);
	c.max = procq_capacity(q);
	over = procq_set_limit(q, limit);
	c.removed = procq_close(q) == 1;
	if (over == -ERANGE)
		return refuse(r, limit, c.max);
	if (over < 0)
		return complain_failed(r, over);
	c.over = (uint32_t)over;
	say(r, &c);
	return EXIT_DONE;
}

const struct command cmd_limit = {
	.name = "limit",
	.summary = N_("change how many processes may exist at once"),
	.text = N_("From now on, at most N processes of a queue exist at once: "
"from 1 to what the\nqueue was built for ('producer --max', column MAX of "
"'procq stat'). Nothing is\nended: if more exist, nothing is started until "
"enough are over.\n"),
	.operands = N_("[NAME] N"),
	.takes = TAKES_NAME | TAKES_NUMBER | TAKES_FLEET,
	.run = cmd_limit_run,
};
