/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-close.c - procq close and procq open: may producers have more room?
 *
 * Must not end a process or a participant: producers wait, or are asked to
 * end, and consumers finish on their own.
 */
#include <config.h>

#include <stdio.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "procq-cmd.h"

static int set_closed(struct request *r, int closed)
{
	struct procq *q;
	struct line l;
	struct json j;
	int status = request_open(r, PROCQ_ROLE_KEEPER, &q);
	bool removed;
	int err;

	if (status != EXIT_DONE)
		return status;
	err = procq_set_closed(q, closed);
	removed = procq_close(q) == 1;
	if (err < 0)
		return complain_failed(r, err);
	if (r->form == TABLE_JSON) {
		begin_json(&j, &l, r);
		json_truth(&j, "closed", closed != PROCQ_OPEN);
		json_truth(&j, "stopped", closed == PROCQ_STOPPED);
		json_truth(&j, "removed", removed);
		print_json(&j);
	} else if (removed) {
		/* The last participant to leave an empty queue removes it. */
		complain(_("queue '%s': removed, because it was empty and not "
			   "in use"), r->queue);
	} else if (r->verbose) {
		complain(closed == PROCQ_OPEN ? _("queue '%s': open")
			 : closed == PROCQ_CLOSED ? _("queue '%s': closed")
						  : _("queue '%s': stopped"),
			 r->queue);
	}
	return EXIT_DONE;
}

static int cmd_close_run(struct request *r)
{
	return set_closed(r, r->stop ? PROCQ_STOPPED : PROCQ_CLOSED);
}

static int cmd_open_run(struct request *r)
{
	return set_closed(r, PROCQ_OPEN);
}

const struct command cmd_close = {
	.name = "close",
	.summary = N_("make producers wait, and consumers finish"),
	.text = N_("Close a queue: producers wait until it is open again, "
"consumers end when\nnothing is left in it. With --stop, producers end, too: "
"they start nothing more,\nwait until their processes are over, as with "
"--on-exit=drain, and exit with 0.\n'procq open' undoes it, except for the "
"producers that have heard it.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_STOP | TAKES_FLEET,
	.run = cmd_close_run,
};

const struct command cmd_open = {
	.name = "open",
	.summary = N_("undo close"),
	.text = N_("Open a queue that was closed by 'procq close'.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_FLEET,
	.run = cmd_open_run,
};
