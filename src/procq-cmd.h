/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * procq-cmd.h - what the commands of procq share.
 *
 * procq.c reads the command line into a struct request and hands it to the
 * command, which has a file cmd-*.c of its own. A command must not read
 * options; it returns an exit status.
 */
#ifndef PROCQ_CMD_H
#define PROCQ_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "procq.h"

#include "hint.h"
#include "json.h"
#include "plan.h"
#include "seqs.h"
#include "snapshot.h"
#include "table.h"

/* Which options a command takes, beside --json, --verbose, --help and
 * --version. */
#define TAKES_NAME 1u		/* -q and an operand */
#define TAKES_LIST 2u		/* -o -O -n -r */
#define TAKES_METRICS 4u	/* --openmetrics --all */
#define TAKES_END 8u		/* --kill --force */
#define TAKES_EMPTY 16u		/* --empty --seq */
#define TAKES_WAIT 32u		/* --wait */
#define TAKES_STOP 128u		/* --stop */
#define TAKES_PLAN 256u		/* -s -k --term-seq --kill-mode */
#define TAKES_SEQS 512u		/* operands SEQ..., after a NAME */
#define TAKES_NUMBER 1024u	/* a last operand N */
#define TAKES_LEASE 2048u	/* --for --deadline --policy --granted --epoch
				 * --release --by --none */
#define TAKES_FLEET 16384u	/* --fleet */
#define TAKES_ANY 64u		/* no default: all queues, if none is named */

struct request;

struct command {
	const char *name;
	const char *summary;	/* for the list of commands; N_() */
	const char *text;	/* for its own help; N_() */
	const char *operands;	/* for its own help; N_() */
	unsigned takes;
	const struct table_column *columns;
	size_t ncolumns;
	const char *usual;	/* the columns that -o adds to */
	int (*run)(struct request *);
};

/* Of procq lease. */
struct lease_request {
	enum { LEASE_UNTIMED, LEASE_FOR, LEASE_DEADLINE } timed;
	int64_t time;		/* ns */
	const char *policy;	/* NULL: not given */
	uint32_t number;	/* its */
	bool slots;		/* granted is given */
	uint32_t granted;
	bool named;		/* epoch is given */
	uint64_t epoch;
	bool release;
	const char *by;		/* of --by; NULL: not given */
	bool none;
};

/* What the command line asks for. */
struct request {
	const struct command *command;
	const char *queue;	/* as the user named it; NULL: all */
	enum table_form form;
	struct table *table;	/* NULL where there are no columns */
	const char *columns;	/* of -o, NULL: the usual ones */
	bool all_columns;
	bool no_headings;
	bool verbose;
	bool no_hints;
	struct hints hints;
	bool metrics;
	bool all;
	bool kill;
	bool force;
	bool empty;
	bool stop;
	const char *number;	/* the operand N */
	const char *topic;	/* of procq help; NULL: none */
	struct seqs seqs;	/* of --seq, or operands */
	struct plan plan;
	struct lease_request lease;
	int64_t wait;		/* ns, PROCQ_FOREVER: not given */
};

extern const struct command cmd_list;
extern const struct command cmd_show;
extern const struct command cmd_stat;
extern const struct command cmd_check;
extern const struct command cmd_remove;
extern const struct command cmd_close;
extern const struct command cmd_open;
extern const struct command cmd_lease;
extern const struct command cmd_limit;
extern const struct command cmd_wait;
extern const struct command cmd_end;

/** Is a lease to be set? */
bool is_lease_request(const struct request *r);
/** A usage error, if its options contradict each other. */
void lease_refuse_contradictions(const struct request *r);

/* If a creator takes longer than this to set up a queue, a command fails; ns.
 */
#define SETUP_MAX (5 * NS_PER_S)

/** Join the request's queue, which has to exist.
 * @param o filled in for complain_request()
 * @return 0 or -errno */
int request_join(const struct request *r, enum procq_role role,
		 struct procq_options *o, struct procq **q);
/** Say why that failed, and what helps. @return the exit status */
int complain_request(const struct request *r, const struct procq_options *o,
		     int err);
/** Both. @return an exit status; EXIT_DONE: *q is open */
int request_open(const struct request *r, enum procq_role role,
		 struct procq **q);
/** The command waits for this now. @retval true say so: see hint.h */
bool request_waits(struct request *r, enum hint what);
/** It waits for the deaths of n processes, if any, and gives back what is not
 * dead if a signal asks to stop: say so in time. */
void request_awaits_deaths(struct request *r, uint64_t n);
/** Say that procq_list() failed. @return the exit status */
int complain_unlisted(int err);
/** Say that a later call of the library failed. @return the exit status */
int complain_failed(const struct request *r, int err);

/** While processes are being ended, signals that ask to stop are counted (see
 * signals.h), and no ending waits behind a message. */
void command_signals_begin(struct procq *q);
/** From here on a closed pipe ends the program again. */
void command_signals_end(void);

/* ---- a queue in words and in JSON ---- */

/** The name of the user's own queue without /procq.UID., others as they are. */
const char *short_name(const char *object);
/** How many processes are in it, or on their way into it, or were in it and are
 * still to be reported? */
uint64_t inhabitants(const struct procq_stat *s);
/** The same without those that are dead. */
uint64_t living(const struct procq_stat *s);
/** Read the counters, a few times if they do not add up: while processes come
 * and go, a reading can fall between two halves of a step. @return 0, -errno */
int stat_settled(const struct procq *q, struct procq_stat *s);
/** procq stat --openmetrics. @return the exit status */
int metrics_run(const struct request *r);
/** Do the counters add up? */
bool adds_up(const struct procq_stat *s);
/** Set a cell to a time, in ns since the epoch; 0: unknown. */
void table_set_time(struct table *t, size_t column, int64_t ns);
/** Begin a JSON object on a line: {"queue": NAME */
void begin_json(struct json *j, struct line *l, const struct request *r);
/** End it, and print the line on standard output. */
void print_json(struct json *j);

#endif
