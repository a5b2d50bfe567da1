/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fleet.h - what the commands of procq-fleet share.
 */
#ifndef FLEET_H
#define FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine.h"
#include "hint.h"
#include "table.h"
#include "url.h"

/* What the command line asks for. */
struct fleet {
	const struct fleet_command *command;
	struct fleet_url url;
	struct engine engine;
	const char *local;	/* the local queue's name */
	const char *queue;	/* the fleet's */
	const char *operand;	/* HOST, or N; NULL */
	const char *text;	/* of --fleet */
	const char *policy;	/* of --on-partition; NULL: as it is */
	const char *host;	/* of --host; NULL: all */
	const char *confirm;	/* of --confirm; NULL: ask */
	int64_t lease;		/* ns; 0: as it is */
	int64_t wait;		/* ns; PROCQ_FOREVER: not given */
	int64_t gap;		/* ns; -1: as it is */
	int64_t endings;	/* at once; -1: as it is */
	enum table_form form;
	struct table *table;	/* NULL where there are no columns */
	const char *columns;	/* of -o; NULL: the usual ones */
	bool all_columns, no_headings;
	bool named;		/* queue is not just the default */
	bool insecure, print, verbose, check, service, force, empty;
	bool metrics;		/* --openmetrics */
	bool no_hints;
	struct hints hints;
};

struct fleet_command {
	const char *name;
	const char *operands;	/* for its help; N_() */
	const char *summary;	/* N_() */
	unsigned takes;
	const struct table_column *columns;	/* NULL: it has none */
	size_t ncolumns;
	const char *usual;	/* the columns that -o adds to */
	int (*run)(struct fleet *);
};

/* Which options and operands a command takes, beside --fleet, -q and the
 * like. */
#define FLEET_NAME 1u		/* an operand NAME */
#define FLEET_NUMBER 2u		/* a last operand N; the options of a limit */
#define FLEET_HOST 4u		/* an operand HOST; --confirm */
#define FLEET_PRINT 8u		/* --print */
#define FLEET_JSON 16u		/* --json */
#define FLEET_FORM FLEET_JSON
#define FLEET_ROWS 64u		/* -o -O -n -r */
#define FLEET_ONE 128u		/* --host */
#define FLEET_FORCE 256u	/* --force */
#define FLEET_WAIT 512u		/* --empty, --wait */
#define FLEET_METRICS 1024u	/* --openmetrics */
#define FLEET_HELPER 32u	/* it is no command of people */

/* How long a person waits for an answer; ns. */
#define FLEET_PATIENCE (15 * INT64_C(1000000000))

extern const struct fleet_command fleet_hosts;
extern const struct fleet_command fleet_stat;
extern const struct fleet_command fleet_list;
extern const struct fleet_command fleet_show;
extern const struct fleet_command fleet_wait;
extern const struct fleet_command fleet_remove;
extern const struct fleet_command fleet_watch;
extern const struct fleet_command fleet_limit;
extern const struct fleet_command fleet_close;
extern const struct fleet_command fleet_open;
extern const struct fleet_command fleet_release;
extern const struct fleet_command fleet_init;

/** procq stat --fleet --openmetrics. @return an exit status */
int fleet_metrics(struct fleet *f);

/** Connect, or say why not, and what helps. */
bool fleet_connect(struct fleet *f);
/** Ask, or say why there is no answer. */
PGresult *fleet_ask(struct fleet *f, const char *sql, int n,
		    const char *const *values);
/** Say why the engine did not do it, and what helps. @return EXIT_FAILED */
int fleet_failed(const struct fleet *f);
/** There is no such queue. @return EXIT_FAILED */
int fleet_no_queue(const struct fleet *f);

/** The row of the host that is meant: by its whole name, or by the part before
 * the slash if one seat alone has it. Names are in the first column.
 * @retval -1 there is none, or there are several, which is said */
int fleet_find_host(const struct fleet *f, const PGresult *r,
		    const char *host);
/** Is there such a queue? If not, say so. */
bool fleet_is_there(struct fleet *f);

/* fleet.sql, line by line; NULL ends it. */
extern const char *const fleet_schema[];

#endif
