/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * record.h - the transitions of a record: reserve, enter, take, mark, release.
 *
 *	FREE -> RESERVED -> QUEUED -> TAKEN -> FREE
 *	  ^         |          |        |  \-> GONE -> FREE
 *	  \---------/          |        \-> with DEAD
 *	                       \-> EXITED -> TAKEN with DEAD
 *
 * While its producer lives, a record that was entered becomes FREE only after
 * that producer's mark: so a producer that was stopped in the middle of its
 * mark never writes into the life of another process.
 */
#ifndef PQ_RECORD_H
#define PQ_RECORD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "procq.h"
#include "view.h"

/* What the producer knows before it starts a process. */
struct pq_origin {
	uint64_t incarnation;
	uint32_t flags;			/* PQ_F_KEEP, … */
	int32_t ppid;
	char label[PROCQ_LABEL_SIZE];
	int64_t started;		/* pq_clock_life() */
	int64_t started_wall;		/* pq_clock_wall() */
};

/* A parent's obituary. */
struct pq_status {
	unsigned cause;			/* enum procq_cause */
	unsigned code;
	int64_t user, sys;		/* ns, -1: unknown */
	int64_t maxrss;			/* KiB, -1: unknown */
};

/* A record as it was at one moment. */
struct pq_snapshot {
	uint64_t word;
	uint64_t producer;		/* incarnation */
	uint64_t ident;
	uint32_t flags;			/* PQ_F_… */
	int32_t pid;
	int64_t started;		/* pq_clock_life() */
};

/**
 * FREE to RESERVED, and the producer's part of the record.
 * @param owner the producer's place plus one
 * @param word the reserved word
 * @retval slot, or -EAGAIN: no room
 */
int64_t pq_record_reserve(struct pq_segment *seg, unsigned owner,
			  const struct pq_origin *origin, uint64_t *word);

/** RESERVED to FREE: nothing was started. */
void pq_record_cancel(struct pq_segment *seg, uint32_t slot, uint64_t word);

/* What a child says of itself. */
struct pq_entry {
	int32_t pid;
	uint64_t ident;			/* 0: unknown */
	int64_t now;			/* pq_clock_life() */
};

/**
 * RESERVED to QUEUED, by the child itself. Async-signal-safe, and safe in a
 * child that shares its parent's memory.
 * @param word the reserved word
 * @param seq its place in the order; 0: it is not known yet
 * @retval false: a sweep came first, it must end itself
 */
bool pq_record_enter(struct pq_segment *seg, uint32_t slot, uint64_t word,
		     const struct pq_entry *entry, uint64_t *seq);

/**
 * The parent's mark, before it reaps: QUEUED to EXITED, TAKEN to DEAD, GONE
 * or RESERVED to FREE.
 * @param place of the producer
 */
void pq_record_mark(struct pq_segment *seg, uint32_t slot, unsigned place,
		    const struct pq_status *status);

/** Read the record, for the word that was read. */
void pq_record_snapshot(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct pq_snapshot *view);

/** One CAS of the word. */
bool pq_record_move(struct pq_segment *seg, uint32_t slot, uint64_t *from,
		    uint64_t to);

/** Append the hint that this QUEUED, EXITED or FREE word calls for. */
void pq_record_hint(struct pq_segment *seg, uint32_t slot, uint64_t word);

/** Say the seq of a taken record whose child has not yet come to it. */
void pq_record_order(struct pq_segment *seg, uint32_t slot, uint64_t position);

/**
 * If the record is of this producer, which was alive then and starts no more,
 * and names a process by its start time: may that be believed? See
 * pq_start_is_past().
 */
void pq_record_vouch(struct pq_segment *seg, uint32_t slot,
		     uint64_t incarnation, int64_t alive);

/** Note a signal before it is sent; the first one's time stays. SIGCONT is no
 * step on the way to an end.
 * @return what to hand to pq_record_unsent() if it can't be sent */
uint64_t pq_record_sent(struct pq_segment *seg, uint32_t slot, int signo,
			bool alone);
void pq_record_unsent(struct pq_segment *seg, uint32_t slot, uint64_t before);
/** The signal that was noted last, 0: none. */
int pq_record_last_sent(const struct pq_segment *seg, uint32_t slot);

/*
 * Where only the parent can signal: the taker asks, after it has noted the
 * signal as sent; the parent takes the question, reads it, and sends.
 */
/** @retval false: it is dead already */
bool pq_record_ask(struct pq_segment *seg, uint32_t slot, uint64_t word);
/** @retval the signal, to be sent now; 0: nobody asks */
int pq_record_asked(struct pq_segment *seg, uint32_t slot, bool *group);

/** Does the parent send SIGCONT after this one, because a stopped process does
 * not die of it else? Then a taker need not ask for that, too. */
static inline bool pq_parent_continues(int signo)
{
	return signo > 0 && signo != SIGKILL && signo != SIGSTOP &&
	       signo != SIGCONT;
}

/**
 * TAKEN to FREE, or to GONE while its living parent has not marked it;
 * counted in the taker's tally.
 * @param place of the taker
 * @param word as last read; TAKEN by it
 * @param marked_or_orphan to FREE
 * @retval false: the word has changed: it was marked just now
 */
bool pq_record_release(struct pq_segment *seg, uint32_t slot, unsigned place,
		       uint64_t word, enum pq_tally kind,
		       bool marked_or_orphan);

/** TAKEN back to QUEUED or EXITED. @retval false: not taken by this owner */
bool pq_record_return(struct pq_segment *seg, uint32_t slot, unsigned owner);

/** GONE to FREE, where its parent is no more. */
void pq_record_bury(struct pq_segment *seg, uint32_t slot, uint64_t word);

/** Has the life that the record holds been counted? */
bool pq_record_counted(const struct pq_segment *seg, uint32_t slot);

/** Describe the record for a caller of the library. */
void pq_record_describe(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct procq_process *out);
/** … its death, as far as the record has it.
 * @param marked the word says DEAD */
void pq_record_obituary(const struct pq_segment *seg, uint32_t slot,
			bool marked, struct procq_event *out);

#endif
