/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet-start.h - a queue that belongs to a fleet: see that it has a helper.
 */
#ifndef FLEET_START_H
#define FLEET_START_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "procq.h"

/* The epoch of a queue that is bound to a fleet, and that no helper has attached
 * yet. */
#define FLEET_UNATTACHED 1

struct fleet_start {
	const char *url;	/* NULL: no fleet */
	char host[64];		/* this machine, as lines have it */
	const char *queue;	/* as the user named it */
	bool insecure;
	const sigset_t *mask;	/* what the helper starts with */
	pid_t pid;		/* of the last helper started here; 0: none */
	int64_t look, pause;	/* when to look again, and the pause after */
};

/** Where --fleet was not given: $PROCQ_FLEET. */
void fleet_settle(struct fleet_start *f);
/** Before anything starts: is there a procq-fleet, and does it take the URL? If
 * not, end the program with a message. */
void fleet_check(struct fleet_start *f, const char *queue);
/** After joining: nothing is started before it is granted. @return 0, -errno */
int fleet_bind(struct fleet_start *f, struct procq *q);
/** Now and then, and whenever the run waits: start a helper, if there is none.
 */
void fleet_look(struct fleet_start *f, const struct procq *q);

#endif
