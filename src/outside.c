/* SPDX-License-Identifier: GPL-3.0-or-later */
/* outside.c - see outside.h. Must not search in $PATH. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "complain.h"
#include "folder.h"
#include "i18n.h"
#include "outside.h"

#define UI "procq-ui"
#define FLEET "procq-fleet"

const struct outside outside_commands[] = {
	{ "top", "top", UI, N_("watch a queue in the terminal") },
	{ "plot", "plot", UI,
	  N_("draw a picture from the JSON logs of a run") },
	{ "hosts", "fleet", FLEET, N_("list the hosts of a fleet") },
	{ "release", "fleet", FLEET, N_("free what a lost host holds") },
	{ "fleet-init", "fleet", FLEET,
	  N_("prepare a PostgreSQL for fleets") },
	{ "list", "fleet", FLEET, NULL },
	{ "show", "fleet", FLEET, NULL },
	{ "stat", "fleet", FLEET, NULL },
	{ "wait", "fleet", FLEET, NULL },
	{ "remove", "fleet", FLEET, NULL },
	{ "limit", "fleet", FLEET, NULL },
	{ "close", "fleet", FLEET, NULL },
	{ "open", "fleet", FLEET, NULL },
	{ 0 }
};

const struct outside *outside_find(const char *name, bool fleet)
{
	for (const struct outside *o = outside_commands; o->name; o++)
		if (strcmp(o->name, name) == 0 && (o->summary || fleet))
			return o;
	return NULL;
}

void outside_run(const struct outside *o, char **argv)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/procq-%s",
			 programs_folder(), o->program);

	errno = ENAMETOOLONG;
	if (n > 0 && (size_t)n < sizeof(path))
		execv(path, argv);
	if (errno != ENOENT) {
		complain(_("cannot run '%s': %s"), path, strerror(errno));
		exit(EXIT_CANNOT_RUN);
	}
	complain(_("'procq %s' is a program of its own, %s, which is not "
		   "installed; on Debian it is in the package %s"),
		 argv[0], path, o->package);
	exit(EXIT_NOT_FOUND);
}

void outside_help(const struct outside *o)
{
	char name[32], help[] = "--help";
	char *argv[] = { name, help, NULL };

	snprintf(name, sizeof(name), "%s", o->name);
	outside_run(o, argv);
}
