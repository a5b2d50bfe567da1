/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * brake.h - when a process that failed early may be replaced.
 *
 * A process that fails before it has lived for min-uptime puts the brake on:
 * then starts are 1 s apart, and twice as long, up to a minute, each time when
 * one that was started since fails early, too. The first one that does better
 * takes the brake off.
 *
 * Only what failed waits. A process that ended otherwise (a consumer ended it,
 * it exited with 0, or it had lived long enough) is replaced at once, with the
 * brake on or off: that is its credit. A slot may be what is wrong, as when its
 * port is in use, and the next start gets the slot that has been free for the
 * longest. So a replacement that fails in a slot where one has failed before
 * gives its credit back.
 *
 * Pure: the caller reads the clock and does the waiting.
 */
#ifndef BRAKE_H
#define BRAKE_H

#include <stdbool.h>
#include <stdint.h>

/* The pauses between starts. */
#define BRAKE_MIN INT64_C(1000000000)
#define BRAKE_MAX INT64_C(60000000000)

enum brake_end {
	BRAKE_FAILED,		/* it exited with another status than 0, or
				 * died of a signal that nobody of the queue
				 * had sent */
	BRAKE_DONE,		/* it exited with 0 */
	BRAKE_ENDED		/* a participant has ended it */
};

/* The process in a slot. */
struct brake_life {
	int64_t started;
	uint32_t next, prev;	/* in the list of those on trial: slot + 1 */
	uint32_t pause;		/* how many pauses there had been */
	bool trial;		/* it was started with the brake on */
	bool credit;		/* … in place of one that had not failed */
	bool failed;		/* the last one in this slot did, early */
	bool failed_before;	/* the one before it did */
};

struct brake {
	int64_t uptime;		/* min-uptime, ns */

	/* Written here only. */
	int64_t pause;		/* 0: the brake is off */
	int64_t next;		/* the next start without a credit */
	int64_t off_since;	/* INT64_MIN: it was never on */
	uint32_t pauses;	/* how often pause has changed */
	uint64_t credits;
	struct brake_life *lives;
	uint32_t room;
	uint32_t head, tail;	/* on trial, in the order of starts: slot + 1;
				 * 0: none */
};

void brake_init(struct brake *b, int64_t uptime);
void brake_free(struct brake *b);

/** When the next process may be started: a time, 0 if at once. */
int64_t brake_next(const struct brake *b);
/** When brake_look() has something to see: a time, INT64_MAX if never. */
int64_t brake_deadline(const struct brake *b);
/** Has a process on trial lived long enough by now? @retval true the brake is
 * off, and was on before */
bool brake_look(struct brake *b, int64_t now);

void brake_started(struct brake *b, uint32_t slot, int64_t now);
/**
 * A process that was started has ended.
 * @param lived ns
 * @retval true it failed early, and this is worth saying: the brake was off,
 *         and has been for a minute
 */
bool brake_ended(struct brake *b, uint32_t slot, enum brake_end how,
		 int64_t lived, int64_t now);
/** The command could not be executed, and no process was started.
 * @retval true as for brake_ended() */
bool brake_refused(struct brake *b, int64_t now);

#endif
