/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * progress.h - the progress line: how far a run is, and how much time is left.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum progress_wish {
	PROGRESS_AUTO = 0,	/* stderr is a terminal, and lines go elsewhere;
				 * and it is known when the run ends */
	PROGRESS_ON = 1,
	PROGRESS_OFF = 2
};

struct progress {
	bool on;
	bool known_only;	/* nothing without a count or a duration */
	/* Set by the caller, at any time: */
	uint64_t count;		/* in all, 0: unknown */
	int64_t duration;	/* in all, in ns, 0: unknown */
	int64_t begun;
	int64_t next;		/* when to show it again */
};

/** Begin. The time left is shown if count or duration is known.
 * @param elsewhere do lines go elsewhere than to the terminal? */
void progress_start(struct progress *p, enum progress_wish wish,
		    bool elsewhere, int64_t now);
/** Show it if it is time to. Once all of count are done, there is none.
 * @param done so many of count */
void progress_show(struct progress *p, uint64_t done, int64_t now);

#endif
