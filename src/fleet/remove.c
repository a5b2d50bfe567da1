/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * remove.c - procq remove --fleet: a fleet queue, and what is known of its
 * hosts. Must not remove one whose slots are held, unless the user insists.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "complain.h"
#include "i18n.h"

#include "fleet.h"
#include "rows.h"

static void print(const struct fleet *f, bool removed, const char *held)
{
	struct rows_object o;

	if (!rows_begin(&o, f))
		return;
	json_truth(&o.json, "removed", removed);
	json_count(&o.json, "held", rows_number(held));
	rows_end(&o);
}

static int remove_run(struct fleet *f)
{
	const char *const values[] = { f->queue, f->force ? "t" : "f" };
	PGresult *r = fleet_ask(f, "SELECT code, held, holders "
				"FROM procq.remove($1, $2)", 2, values);
	const char *code, *held, *holders;
	int status = EXIT_DONE;

	if (!r)
		return EXIT_FAILED;
	code = PQgetvalue(r, 0, 0);
	held = PQgetvalue(r, 0, 1);
	holders = PQgetvalue(r, 0, 2);
	if (strcmp(code, "no-queue") == 0) {
		status = fleet_no_queue(f);
	} else if (strcmp(code, "held") == 0) {
		complain(_("fleet queue '%s': not removed: %s slots are held, "
			   "by %s hosts; 'procq hosts' lists them"), f->queue,
			 held, holders);
		complain(_("'procq close --fleet', then 'procq wait --fleet "
			   "--empty', waits until none is; --force gives "
			   "them up"));
		status = EXIT_FAILED;
	} else if (rows_number(held) > 0) {
		complain(_("fleet queue '%s': %s slots of %s hosts are given "
			   "up; what runs there is bound by nothing more"),
			 f->queue, held, holders);
	}
	if (strcmp(code, "no-queue") != 0)
		print(f, status == EXIT_DONE, held);
	PQclear(r);
	return status;
}

const struct fleet_command fleet_remove = {
	.name = "remove",
	.operands = N_("[NAME]"),
	.summary = N_("remove a fleet queue that no host holds slots of"),
	.takes = FLEET_NAME | FLEET_JSON | FLEET_FORCE,
	.run = remove_run,
};
