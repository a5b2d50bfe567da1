/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * producer.h - a run of producer, and what its rooms call of each other.
 *
 * Only producer-options.c and main() write what options say.
 */
#ifndef PRODUCER_H
#define PRODUCER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "args.h"
#include "brake.h"
#include "duration.h"
#include "headroom.h"
#include "pace.h"
#include "plan.h"
#include "procq.h"
#include "resume.h"
#include "run.h"

/* Where the next start is due already, how many processes may be on their way
 * into the queue meanwhile: to wait for each would halve the rate. */
#define UNREPORTED_MAX 4

/* The longest that a consumer is given to report what has exited. */
#define COURTESY_MAX (NS_PER_S / 2)

/* What happens to its processes at the end. */
enum on_exit {
	ON_EXIT_DRAIN = 0,
	ON_EXIT_KILL = 1,
	ON_EXIT_LEAVE = 2,
	ON_EXIT_DEFAULT = 3	/* drain, or kill if stopped or failed */
};

/* The cgroup of a command: see cgroup.h. */
struct leaf {
	int pid;		/* the command */
	uint64_t number;	/* the cgroup's name */
	bool over;		/* the command is dead */
};

/* --cgroup */
struct cgroups {
	bool wanted;
	char path[PATH_MAX];	/* DIR */
	char name[NAME_MAX + 1]; /* of the producer's own in it */
	int parent, own;	/* their directories; -1: none */
	int next;		/* the next command's, that is made; -1: none */
	uint64_t count;		/* how many were made */
	struct leaf *leaves;
	size_t used, room;
	size_t ending;		/* of these, how many are over */
};

/* What falls to a producer: see producer-stray.c. */
#define STRAYS_MAX 64
struct stray {
	int pid;
	bool named;
};

struct strays {
	bool wanted;
	bool died;		/* a command, since the last look; or one that
				 * was seen is still to be named */
	int64_t due;		/* the next look */
	struct stray seen[STRAYS_MAX];
	size_t count;
};

struct producer {
	struct procq_options options;
	struct headroom headroom;
	struct args args;	/* .file NULL: no --args-from */
	const char *resume_log;
	struct resume resume;
	bool fail;		/* a failed command counts … */
	bool halt;		/* … and stops the run */
	struct brake brake;	/* with replace */
	enum on_exit on_exit;
	struct cgroups cgroups;
	struct strays strays;
	bool wants_cgroup;	/* --cgroup */
	const char *cgroup;	/* its DIR; NULL: not given */
	struct plan plan;	/* how it ends its own */
	bool replace;
	bool uptime_given;
	bool no_group;
	char shortage[256];	/* the last one that was reported */

	/* What every start writes, beside what run begins with: a fork copies
	 * each page that is written. */
	struct procq_command command;
	struct pace pace;
	bool listed;		/* all lines of args are started */
	bool flood;		/* no pauses between starts */
	bool batches;		/* the lines of starts that follow at once wait
				 * for each other */
	bool failed;		/* a start failed for good */
	bool stopped;		/* by procq close --stop */
	bool ran;		/* a start has worked */

	int unexecuted;		/* why exec has failed, while its process is
				 * awaited; 0: it has not */
	int64_t full_since;	/* 0: there is room */
	int64_t back_off;	/* the last pause after a failure, 0: none */
	int64_t lacking_since;	/* load or memory; 0: there is enough */
	bool lack_said;
	int64_t courtesy;	/* how long consumers are given, ns; 0: not */
	bool made_room;		/* since full_since, by collecting */
	uint64_t unexecuted_count; /* counted as started, without its command */
	unsigned unreaped;	/* starts since the last look for the dead */

	/* Started, but not reported: they may not have entered yet. */
	struct procq_process unreported[UNREPORTED_MAX];
	unsigned unreported_count;

	struct run run;
};

/* ---- producer-options.c ---- */

/** Read the options and the operands into *p, or exit. */
void producer_parse(struct producer *p, int argc, char **argv);

/* ---- producer-lines.c ---- */

/** Report a process that has entered, and is counted. */
void report_started(struct producer *p, const struct procq_process *what);
/** Count and report a process that may not have entered yet, with others. */
void report_later(struct producer *p, const struct procq_process *what);
/** Count and report the processes that are not reported yet, in the order in
 * which they entered; those that were killed before they entered are left out.
 * A process that is started after this enters after them. */
void report_all(struct producer *p);

/* ---- producer-start.c ---- */

/** Start one process, or wait for what it takes: then the next call tries
 * again. @retval true it was started */
bool producer_start(struct producer *p);

/* ---- producer-headroom.c ---- */

/** Before anything starts: exit if the system can't say what --max-load or
 * --min-memory ask for. */
void producer_check_headroom(struct producer *p);
/** Is there load and memory to spare for a start? If not, this waits for a
 * while: the next call looks again. */
bool producer_has_headroom(struct producer *p);
/** A process was started. */
void producer_used_headroom(struct producer *p);

/* ---- producer-resume.c ---- */

/** Read the log of --resume. false: it can't be, or something of that run is
 * alive, and that is said. */
bool producer_read_log(struct producer *p);

/* ---- producer-args.c ---- */

/** Does a text have this field, such as {seq}? Not after $. */
bool template_has(const char *text, const char *field);
/** Check the options, and derive what procq_spawn() has to do; or exit. */
void producer_settle_args(struct producer *p);
/** Open the file and read the log, or exit. */
void producer_open_args(struct producer *p);
/** Is there a line for the next process, or is none needed? If not, this waits
 * for one, or notes that there are no more. */
bool producer_next_args(struct producer *p);
/** The line was used for this process. */
void producer_used_args(struct producer *p, const struct procq_process *what);
/** For struct output: a process's line. @param arg a struct producer */
const char *producer_args_of(void *arg, const struct procq_process *what);

/* ---- producer-room.c ---- */

/** There is no room: make it, or wait.
 * @param err -EAGAIN, or -ESHUTDOWN: the queue is closed */
void producer_no_room(struct producer *p, int err);
/** A start has worked: there is room. */
void producer_found_room(struct producer *p);
/** Is the time of --wait over? It begins with the first failure. */
bool producer_waited(struct producer *p, int64_t now);
/** When it is over. */
int64_t producer_wait_deadline(const struct producer *p);

/* ---- producer-replace.c; without --replace they do nothing ---- */

/** From now on, deaths are what is to be replaced … */
void producer_replace_begin(struct producer *p);
/** … up to now. */
void producer_replace_end(struct producer *p);
/** A process was started in this slot, be it one that could not execute its
 * command. */
void producer_replace_started(struct producer *p, uint32_t slot);
/** A command could not be executed, and no process was started for it. */
void producer_replace_refused(struct producer *p);
/** May the next process be started? If not, this waits for a while: the next
 * call looks again. */
bool producer_may_replace(struct producer *p);

/* ---- producer-end.c ---- */

/** At the end: what --on-exit has for its processes. */
void producer_finish(struct producer *p);

/* ---- producer-cgroup.c ---- */

/** Make what --cgroup needs, or say what is in the way.
 * @param given NULL: below the producer's own
 * @param keep the processes may outlive the producer */
bool cgroups_open(struct cgroups *g, const char *given, const char *object,
		  bool keep);
/** The cgroup of the next command, as struct procq_command has it; -errno. */
int cgroups_next(struct cgroups *g);
/** It was started in that; 0: none was. */
void cgroups_started(struct cgroups *g, int pid);
/** It is dead: what is left in its cgroup is killed by cgroups_tidy(). */
void cgroups_over(struct cgroups *g, int pid);
void cgroups_tidy(struct cgroups *g);
/** Remove what is empty. */
void cgroups_close(struct cgroups *g);

/* ---- producer-stray.c ---- */

/** From now on, what loses its parents falls to this producer of commands. */
void strays_begin(struct producer *p);
/** Name what has outlived its command; costs next to nothing if no command has
 * died. */
void strays_look(struct producer *p);
/** The same, for the last time. */
void strays_end(struct producer *p);

/* ---- producer.c ---- */

/** Look for dead children. When a process is reaped, another may get its
 * record: so this reports what was started first. */
void producer_reap(struct producer *p);
/** Sleep until something happens, but no longer than PROCQ_PATIENCE: a parent
 * has to look at its children at least that often.
 * @param what as for procq_wait() */
void producer_rest(struct producer *p, unsigned what, int64_t deadline);

#endif
