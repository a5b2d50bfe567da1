/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * record.h - the transitions of a record: reserve, enter, take, mark, release.
 *
 *	FREE -> RESERVED -> QUEUED -> TAKEN -> FREE
 *	  ^         |          |        |  \-> GONE -> FREE
 *	  \---------/          |        \-> with DEAD
 *	                       \-> EXITED -> TAKEN with DEAD
 *
 * FREE to PARKED and back is limit.h's.
 *
 * While its producer is alive, a record that was entered becomes FREE only
 * after that producer's mark. So a producer that was stopped in the middle of
 * its mark never writes into the life of another process. A producer that has
 * lost its lock byte is dead to the others: it finds by the record that its
 * child's life is over, and enters nothing.
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

/* How a process ended, as its parent knows it: the obituary. */
struct pq_status {
	unsigned cause;			/* enum procq_cause */
	unsigned code;
	int64_t user, sys;		/* ns, -1: unknown */
	int64_t maxrss;			/* KiB, -1: unknown */
};

/* A record at one moment. */
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
 * @param owner of the producer
 * @param word out: the reserved word
 * @retval slot, or -EAGAIN: no room
 */
int64_t pq_record_reserve(struct pq_segment *seg, unsigned owner,
			  const struct pq_origin *origin, uint64_t *word);

/** RESERVED to FREE: nothing was started. */
void pq_record_cancel(struct pq_segment *seg, uint32_t slot, uint64_t word);

/* What a child enters of itself. */
struct pq_entry {
	int32_t pid;
	uint64_t ident;			/* 0: unknown */
	int64_t now;			/* pq_clock_life() */
};

/**
 * RESERVED to QUEUED, by the child itself. Async-signal-safe, and safe in a
 * child that shares its parent's memory.
 * @param word the reserved word
 * @param seq out: its number in the order; 0: not known yet
 * @retval false a sweep came first, or a lease is over: the child must exit
 */
bool pq_record_enter(struct pq_segment *seg, uint32_t slot, uint64_t word,
		     const struct pq_entry *entry, uint64_t *seq);

/* Whose death a parent enters. */
struct pq_parentage {
	unsigned place;			/* of the producer */
	uint64_t incarnation;
	int32_t pid;			/* of its child */
	uint32_t life;			/* low bits of the generation that was
					 * reserved for it */
};

/**
 * The parent's mark, before it reaps: QUEUED to EXITED, TAKEN to DEAD, GONE
 * or RESERVED to FREE. Not if the record holds another life: others may have
 * taken the producer for dead, and freed the record; or the end of a lease has
 * taken the reservation back.
 */
void pq_record_mark(struct pq_segment *seg, uint32_t slot,
		    const struct pq_parentage *whose,
		    const struct pq_status *status);
/** Does the record, with this word, hold that child's life? */
bool pq_record_is_of(const struct pq_segment *seg, uint32_t slot,
		     uint64_t word, const struct pq_parentage *whose);

/** QUEUED to EXITED, if the process and its producer are dead: see gone.h. Its
 * end is reported as PROCQ_EVENT_STALE. @retval false the word has changed */
bool pq_record_lose(struct pq_segment *seg, uint32_t slot, uint64_t word);

/** Read the record. It is valid for this word if a CAS on that succeeds. */
void pq_record_snapshot(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct pq_snapshot *snap);

/** One CAS on the word.
 * @param from the word that was read; if it has changed, out: what it is */
bool pq_record_move(struct pq_segment *seg, uint32_t slot, uint64_t *from,
		    uint64_t to);

/** Append the hint that this QUEUED, EXITED or FREE word needs, and wake. */
void pq_record_hint(struct pq_segment *seg, uint32_t slot, uint64_t word);

/** Set the seq of a record that is taken before its child has set it. */
void pq_record_order(struct pq_segment *seg, uint32_t slot, uint64_t position);

/**
 * Confirm a start time as a unique identity (PQ_F_SURE), see
 * pq_start_is_past(): if the record is of this producer, which was alive then
 * and starts nothing any more.
 * @param alive pq_member_last_alive()
 */
void pq_record_vouch(struct pq_segment *seg, uint32_t slot,
		     uint64_t incarnation, int64_t alive);

/** If the record is of this producer, which leaves now: note that its process
 * may be alive although no participant is. */
void pq_record_left(struct pq_segment *seg, uint32_t slot,
		    uint64_t incarnation);

/** Note a signal before it is sent. The time of the first step stays. SIGCONT
 * is not counted as an escalation step.
 * @return for pq_record_unsent(), if the signal can't be sent */
uint64_t pq_record_sent(struct pq_segment *seg, uint32_t slot, int signo,
			bool alone);
void pq_record_unsent(struct pq_segment *seg, uint32_t slot, uint64_t before);
/** The signal that was noted last; 0: none. */
int pq_record_last_sent(const struct pq_segment *seg, uint32_t slot);

/*
 * Where only the parent can signal, the taker notes the signal as sent, then
 * asks. The parent takes the request, then reads the signal, then sends it.
 */
/** The taker's part. @retval false the process is dead already */
bool pq_record_ask(struct pq_segment *seg, uint32_t slot, uint64_t word);
/** The parent's part. @retval the signal to send now; 0: no request */
int pq_record_asked(struct pq_segment *seg, uint32_t slot, bool *group);

/** Does the parent send SIGCONT after this signal? A stopped process does not
 * die of the signal without it; so a taker need not ask for SIGCONT, too. */
static inline bool pq_parent_continues(int signo)
{
	return signo > 0 && signo != SIGKILL && signo != SIGSTOP &&
	       signo != SIGCONT;
}

/**
 * TAKEN to FREE; or to GONE, while its parent is alive and has not marked it.
 * Counted in the taker's tally.
 * @param place of the taker
 * @param word as last read; TAKEN by the taker
 * @param marked_or_orphan to FREE
 * @retval false the word has changed: the parent marked it just now
 */
bool pq_record_release(struct pq_segment *seg, uint32_t slot, unsigned place,
		       uint64_t word, enum pq_tally kind,
		       bool marked_or_orphan);

/** TAKEN back to QUEUED or EXITED. @retval false not TAKEN by this owner */
bool pq_record_return(struct pq_segment *seg, uint32_t slot, unsigned owner);
/** Does that owner have it, in that generation? */
static inline bool pq_record_taken(uint64_t word, unsigned owner, uint64_t gen)
{
	return pq_word_state(word) == PROCQ_STATE_TAKEN &&
	       pq_word_owner(word) == owner && pq_word_gen(word) == gen;
}

/** GONE to FREE, if its parent is dead. */
void pq_record_bury(struct pq_segment *seg, uint32_t slot, uint64_t word);

/** Is the life that the record holds counted? */
bool pq_record_counted(const struct pq_segment *seg, uint32_t slot);
/**
 * How many lives of this record are over: reported, or about to be. That only
 * grows, and is right for one moment, whatever others do meanwhile.
 * @param state out: of the record at that moment
 * @return modulo 2^32
 */
uint32_t pq_record_ended(const struct pq_segment *seg, uint32_t slot,
			 unsigned *state);

/** Has a record of this state a process in it? */
static inline bool pq_state_present(unsigned state)
{
	return state == PROCQ_STATE_QUEUED || state == PROCQ_STATE_TAKEN ||
	       state == PROCQ_STATE_EXITED;
}

/** Describe the record, for a caller of the library. */
void pq_record_describe(const struct pq_segment *seg, uint32_t slot,
			uint64_t word, struct procq_process *out);
/** Describe its death, as far as the record has it.
 * @param marked the word has DEAD
 * @param ago if not marked, how long ago the death was seen, ns */
void pq_record_obituary(const struct pq_segment *seg, uint32_t slot,
			bool marked, int64_t ago, struct procq_event *out);

#endif
