/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * procq.h - a bounded queue of living processes in POSIX shared memory.
 * Must not depend on config.h, nor on a feature macro of POSIX.
 *
 * A whole producer, which keeps eight idle processes in the queue "demo". It
 * comes first, as the creator of a queue decides how many it holds. It stops
 * starting at an error that lasts, such as a queue that is closed; and the
 * handler of SIGCHLD lets it report each death at once.
 *
 *	#define _POSIX_C_SOURCE 200809L
 *	#include <errno.h>
 *	#include <signal.h>
 *	#include <procq.h>
 *
 *	static struct procq *q;
 *
 *	static void child_died(int signo)
 *	{
 *		(void)signo;
 *		procq_wake(q);
 *	}
 *
 *	int main(void)
 *	{
 *		struct procq_options o = PROCQ_OPTIONS_INIT;
 *		struct sigaction sa = { .sa_handler = child_died };
 *		int n = 0, rc = 0;
 *
 *		o.role = PROCQ_ROLE_PRODUCER;
 *		o.capacity = 8;
 *		if (procq_open(&q, "demo", &o) < 0)
 *			return 1;
 *		sigaction(SIGCHLD, &sa, NULL);
 *		while (n < 20 && (rc == 0 || rc == -EAGAIN)) {
 *			rc = procq_spawn(q, NULL, NULL);
 *			if (rc == 0)
 *				n++;
 *			else if (rc == -EAGAIN)
 *				procq_wait(q, PROCQ_WAIT_ROOM, PROCQ_FOREVER);
 *			procq_reap(q);
 *		}
 *		while (procq_children(q) > 0 && rc != -ESTALE) {
 *			rc = procq_wait(q, PROCQ_WAIT_CHILD, PROCQ_FOREVER);
 *			procq_reap(q);
 *		}
 *		signal(SIGCHLD, SIG_DFL);
 *		procq_close(q);
 *		return n < 20;
 *	}
 *
 * A whole consumer, which ends them, the oldest first, until the producer has
 * left and the queue is empty. At an error that lasts, such as a lack of
 * descriptors, procq_close() puts back what it has taken.
 *
 *	#include <errno.h>
 *	#include <signal.h>
 *	#include <stdio.h>
 *	#include <procq.h>
 *
 *	int main(void)
 *	{
 *		struct procq_options o = PROCQ_OPTIONS_INIT;
 *		struct procq_process p;
 *		struct procq_event e;
 *		struct procq *q;
 *		int rc;
 *
 *		o.role = PROCQ_ROLE_CONSUMER;
 *		o.flags = PROCQ_OPEN_NOCREATE;
 *		rc = procq_open(&q, "demo", &o);
 *		if (rc < 0) {
 *			fprintf(stderr, "%s\n", procq_strerror(rc));
 *			return 1;
 *		}
 *		while (!procq_drained(q) || procq_in_flight(q) > 0) {
 *			rc = procq_take(q, NULL, &p);
 *			if (rc == 0)
 *				rc = procq_signal(q, p.slot, SIGTERM, 0);
 *			else if (rc == -EAGAIN)
 *				rc = procq_wait(q, PROCQ_WAIT_READY |
 *						   PROCQ_WAIT_DEATH,
 *						PROCQ_FOREVER);
 *			if (rc < 0 && rc != -ESRCH && rc != -EINTR)
 *				break;
 *			for (rc = 0; procq_collect(q, &e) > 0; )
 *				printf("%d lived %.3f s\n", (int)e.process.pid,
 *				       (double)e.lived / 1e9);
 *		}
 *		procq_close(q);
 *		return rc < 0;
 *	}
 *
 * Rules for every function, unless its own text says otherwise:
 *
 * - It never prints and never exits. It returns 0, or a count, or a negative
 *   errno value; errno itself is unspecified afterwards.
 * - It does not block.
 * - Times are nanoseconds in int64_t. A deadline is a reading of procq_now(),
 *   not a duration; PROCQ_FOREVER never comes.
 * - A handle is one participant of the queue. It belongs to one thread at a
 *   time, and to the process that opened it. Several handles in one process
 *   are several participants.
 * - A function that takes a struct procq * changes something, so it needs a
 *   participant's handle that this process has opened. It returns -EINVAL for
 *   NULL and for an onlooker's handle, and -ECHILD in a child that has a copy
 *   of its parent's memory, be it by fork(), _Fork() or clone(). A child that
 *   shares that memory, by vfork() or CLONE_VM, must not use the handle: it is
 *   not noticed.
 * - A function that takes a const struct procq * only looks. It needs a handle
 *   of any role, and also works in a child made by fork().
 * - Any participant may be killed by SIGKILL, at any point: nothing is lost,
 *   and nobody waits for it. What it held goes back when another participant
 *   finds it dead. One that waits looks for the dead every PROCQ_PATIENCE; in a
 *   busy queue, those that wait, take or reap do so twice a second.
 * - The locks that show others that a participant is alive are lost when its
 *   process closes any descriptor of the object. So do not close what you did
 *   not open, as closefrom() does, and do not open the object. A participant
 *   that others took for dead harms nobody; its functions return -ESTALE from
 *   then on, but for procq_reap() and procq_reap_one(), which report nothing to
 *   others any more. All it can do is to close its handle.
 * - A thread may be cancelled while it is in procq_wait(), which is a
 *   cancellation point; procq_open(), procq_close() and procq_spawn() are not.
 *   Disable cancellation around all others, which it would leave half-way.
 * - A fork() in one thread waits until no other thread is in the middle of
 *   opening or closing a queue: so the child may open its own, and look. Do not
 *   fork in a signal handler.
 * - The shared library stays in memory after dlclose(), since idle processes
 *   sleep in its code. A plug-in that has libprocq.a inside must stay, too:
 *   link it with -z nodelete, or start idle processes by PROCQ_METHOD_FORK.
 * - The library installs no signal handler. It waits for the processes that
 *   it has started, and must be the only one to do so. A process that other
 *   code reaps, such as wait() or waitpid(-1) in another thread, or that the
 *   kernel reaps because SIGCHLD is ignored or has SA_NOCLDWAIT, is reported
 *   with PROCQ_CAUSE_UNKNOWN; if it was not taken, as lost.
 */
#ifndef PROCQ_H
#define PROCQ_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>	/* sigset_t: <signal.h> hides it in strict C11 */
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined __GNUC__
# define PROCQ_API __attribute__((__visibility__("default")))
#else
# define PROCQ_API
#endif

/* The most records that a queue can have; a capacity is 1 to this. */
#define PROCQ_CAPACITY_MAX 1048576
/* The capacity of a queue whose creator named none. */
#define PROCQ_CAPACITY_DEFAULT 16
/* The most participants that can be attached to one queue at once. */
#define PROCQ_PARTICIPANTS_MAX 1024
/* Bytes of a label, with its terminating NUL. */
#define PROCQ_LABEL_SIZE 16
/* The label of a process that was given none and executes no command. */
#define PROCQ_LABEL_IDLE "idle"
/* Bytes that hold the name of any queue's object, with its NUL. */
#define PROCQ_NAME_SIZE 260
/* A deadline that never comes. */
#define PROCQ_FOREVER INT64_MAX
/* The longest that a wait sleeps before it looks for the dead, in ns. */
#define PROCQ_PATIENCE INT64_C(250000000)

/* A handle: one participant of one queue, or one onlooker. */
struct procq;

/*
 * procq_options.role: what a handle is opened for. The first three make a
 * participant, which takes one of the PROCQ_PARTICIPANTS_MAX places. Any
 * participant may call any function; the role is what procq_stat() counts,
 * and what procq_drained() means by a producer.
 */
enum procq_role {
	PROCQ_ROLE_PRODUCER = 1,	/* starts processes */
	PROCQ_ROLE_CONSUMER = 2,	/* takes and ends them */
	PROCQ_ROLE_KEEPER = 3,		/* checks, repairs, closes, removes */
	PROCQ_ROLE_ONLOOKER = 4		/* only looks: maps the object read-only
					 * and takes no place */
};

/*
 * procq_process.state: the state of a record.
 *
 *	FREE -> RESERVED -> QUEUED -> TAKEN -> FREE
 *	 |                    |         \-> GONE -> FREE
 *	 \-> PARKED -> FREE   \-> EXITED -> TAKEN -> FREE
 */
enum procq_state {
	PROCQ_STATE_FREE = 0,		/* room for a process */
	PROCQ_STATE_RESERVED = 1,	/* a producer is starting a process */
	PROCQ_STATE_QUEUED = 2,		/* a process waits for its turn */
	PROCQ_STATE_TAKEN = 3,		/* a participant is ending it */
	PROCQ_STATE_EXITED = 4,		/* it exited on its own, or died with
					 * its producer, and is still to be
					 * reported */
	PROCQ_STATE_GONE = 5,		/* its death is reported; its parent has
					 * yet to reap it */
	PROCQ_STATE_PARKED = 6		/* no room for a process, because of the
					 * limit: see procq_set_limit() */
};

/* How many states there are: the length of procq_stat.states. */
#define PROCQ_STATES 7

/* The options of procq_open(). Begin with PROCQ_OPTIONS_INIT, so that members
 * of later versions have their defaults. */
struct procq_options {
	uint32_t size;		/* sizeof(struct procq_options) */
	uint32_t role;		/* an enum procq_role */
	uint32_t flags;		/* PROCQ_OPEN_NOCREATE, … */
	uint32_t capacity;	/* how many processes may exist at once: the
				 * limit of a new queue; 0: as it is, or the
				 * default */
	uint32_t mode;		/* permission bits of a new object; a user that
				 * may read it must be allowed to write to it,
				 * too: else -EINVAL, since readers can place
				 * locks that keep participants out */
	uint32_t found;		/* out: what the object has instead; see
				 * the errors of procq_open() */
	int64_t deadline;	/* for a creator in the middle of its work */
	uint32_t max;		/* records of a new object, up to which its
				 * limit can be raised: capacity to
				 * PROCQ_CAPACITY_MAX; 0: as many as capacity,
				 * or as it is */
	uint32_t found_max;	/* out, after -EEXIST: how many the object has
				 * instead */
};

/* A consumer, which creates the queue if there is none, and waits for its
 * creator as long as it takes. */
#define PROCQ_OPTIONS_INIT \
	{ (uint32_t)sizeof(struct procq_options), PROCQ_ROLE_CONSUMER, 0, 0, \
	  0600, 0, PROCQ_FOREVER, 0, 0 }

/*
 * procq_options.flags: a set of these.
 *
 * NOCREATE: return -ENOENT if there is no queue. A consumer or keeper without
 * it creates an empty queue. An onlooker never creates. For a creator in the
 * middle of its work they wait like all others, until the deadline.
 *
 * REAP_ALL: nobody else waits for any child of this process. procq_reap() may
 * then reap a dead child that this handle has not started, which otherwise
 * stays and makes it ask for each of its own.
 */
#define PROCQ_OPEN_NOCREATE 1u
#define PROCQ_OPEN_REAP_ALL 2u

/*
 * procq_options.found after -EPROTONOSUPPORT: what of the queue's users
 * differs. A participant that joined nevertheless would take the living for the
 * dead, or wake nobody.
 */
enum procq_differs {
	PROCQ_DIFFERS_VERSION = 1,	/* the version of the layout */
	PROCQ_DIFFERS_MACHINE = 2,	/* size or order of words, or pages */
	PROCQ_DIFFERS_LOCKS = 3,	/* where its participants lock */
	PROCQ_DIFFERS_SEMAPHORE = 4,	/* what its participants sleep on */
	PROCQ_DIFFERS_CLOCK = 5		/* which clock measures a life */
};

/*
 * procq_options.found after -EXDEV: a set of these.
 *
 * USED: some process uses the queue in its namespaces. If none does, the world
 * of that queue has probably ended.
 *
 * TIME: its PID namespace is the caller's, but its time namespace is not: ages
 * and start times mean something else there.
 */
#define PROCQ_FOREIGN_USED 1u
#define PROCQ_FOREIGN_TIME 2u

/*
 * procq_command.method: how procq_spawn() starts a process. AUTO is the
 * fastest one that works here. The others return -ENOSYS where they don't, and
 * are there to be compared.
 */
enum procq_method {
	PROCQ_METHOD_AUTO = 0,
	PROCQ_METHOD_FORK = 1,	/* a copy of the parent, as fork() makes it */
	PROCQ_METHOD_VFORK = 2,	/* in the parent's memory, until it executes
				 * the command; for commands only */
	PROCQ_METHOD_CLONE = 3	/* in the parent's memory, on a small stack */
};

/*
 * procq_command.flags: a set of these.
 *
 * KEEP: the process may outlive its producer. Without it, the process dies
 * with the producer, as far as the system can do that.
 *
 * GROUP: the process leads a process group of its own, which is what
 * procq_signal() signals.
 *
 * APART: the same, but procq_signal() signals the process alone. For what is
 * alone in its group, such as an idle process: a signal to the producer's
 * group, for example from the terminal, does not reach it.
 *
 * STDIN: a command keeps standard input, which is /dev/null otherwise.
 *
 * ENTERED: procq_spawn() returns only when the process has entered itself.
 *
 * FILL: in argv, but for argv[0], each {seq} and {slot} is replaced by the
 * number that PROCQ_SEQ and PROCQ_SLOT have, and each {} by input, if that is
 * given. What is put in is not looked at again; a brace after $ stays.
 */
#define PROCQ_SPAWN_KEEP 1u
#define PROCQ_SPAWN_GROUP 2u
#define PROCQ_SPAWN_STDIN 4u
#define PROCQ_SPAWN_ENTERED 8u
#define PROCQ_SPAWN_APART 16u
#define PROCQ_SPAWN_FILL 32u

/* What procq_spawn() starts. Begin with PROCQ_COMMAND_INIT, an idle process,
 * so that members of later versions have their defaults. */
struct procq_command {
	uint32_t size;		/* sizeof(struct procq_command); 0: the size it
				 * had in version 0.1, so all may be zero */
	uint32_t method;	/* an enum procq_method */
	uint32_t flags;		/* PROCQ_SPAWN_KEEP, … */
	int32_t cgroup;		/* a descriptor of the directory of a cgroup
				 * (v2, Linux), in which it starts; 0: in that
				 * of its parent */
	const char *const *argv; /* NULL-terminated; NULL: an idle process */
	const sigset_t *mask;	/* its signal mask; NULL: the caller's */
	const char *label;	/* NULL: the command's last path component, or
				 * PROCQ_LABEL_IDLE. Cut off where it is longer
				 * than a label */
	const char *input;	/* with PROCQ_SPAWN_FILL: what {} stands for;
				 * NULL: {} stays */
	const char *output;	/* a command's standard output and error are
				 * appended to this file, which is created if
				 * need be. {seq}, {slot}, {pid} and {label} in
				 * its name are replaced, the last with _ for
				 * each slash. A FIFO without a reader is an
				 * error. NULL: as the caller's */
};

#define PROCQ_COMMAND_INIT \
	{ (uint32_t)sizeof(struct procq_command), PROCQ_METHOD_AUTO, 0, 0, \
	  NULL, NULL, NULL, NULL, NULL }

/* A process in the queue, as its record describes it. */
struct procq_process {
	uint64_t seq;		/* place in the order of entry, from 1; never
				 * used twice, and some are skipped. 0: it has
				 * not yet entered */
	uint64_t ino;		/* pidfs inode; 0: unknown here */
	uint64_t producer;	/* incarnation number of its producer */
	uint64_t consumer;	/* … of the participant that has taken it; 0:
				 * none has */
	int64_t started;	/* ns since the epoch, wall clock */
	int64_t queued;		/* ns since the epoch, wall clock; 0: it has
				 * not yet entered */
	int64_t age;		/* ns since its start; up to its death */
	int64_t signalled;	/* what its age was at the first signal that was
				 * to end it, from any sender; 0 if
				 * there was none */
	int32_t signal;		/* the last one; 0: none */
	int32_t step;		/* how many, repeats and SIGCONT aside */
	int32_t pid;		/* 0: not yet known */
	int32_t ppid;		/* the process that started it */
	uint32_t slot;		/* the record, 0 to procq_capacity() - 1 */
	uint32_t state;		/* an enum procq_state */
	uint32_t flags;		/* PROCQ_SPAWN_KEEP, PROCQ_SPAWN_GROUP,
				 * PROCQ_PROCESS_RETURNED, … */
	char label[PROCQ_LABEL_SIZE];
};

/* procq_process.flags, beside those of procq_command: a participant had taken
 * the process, and put it back, or died and had it put back. */
#define PROCQ_PROCESS_RETURNED 256u
/* Of procq_spawn(): it could not open procq_command.output, so it has not
 * executed its command, and exits with 125. */
#define PROCQ_PROCESS_NO_OUTPUT 2048u
/* The process is dead, and so is its producer: nobody can say how it died. Its
 * state is EXITED, and procq_collect() reports it as stale. */
#define PROCQ_PROCESS_LOST 512u
/* It was started in a cgroup that its producer has named. */
#define PROCQ_PROCESS_CGROUP 1024u

/* procq_event.type: what the event says of the process. */
enum procq_event_type {
	PROCQ_EVENT_RETIRED = 1,	/* it is dead */
	PROCQ_EVENT_STALE = 2,		/* it was gone before it was taken, and
					 * nobody was left to report how */
	PROCQ_EVENT_LEFT = 3		/* it is dead, but others are left of
					 * its group, and so it is not yet
					 * collected: see procq_hold(). Code:
					 * the pid of one of them, 0: unknown.
					 * Its cause is UNKNOWN */
};

/* procq_event.cause: how the process died, and what procq_event.code is. */
enum procq_cause {
	PROCQ_CAUSE_UNKNOWN = 0,	/* its parent was stopped or dead, and
					 * did not report the status, or did not
					 * get it, and the kernel did not tell
					 * it either; code: 0 */
	PROCQ_CAUSE_EXIT = 1,		/* it exited; code: the exit status */
	PROCQ_CAUSE_SIGNAL = 2,		/* a signal; code: its number */
	PROCQ_CAUSE_CORE = 3		/* the same, and it dumped core */
};

/* The end of a process. */
struct procq_event {
	struct procq_process process;
	int64_t ended;		/* ns since the epoch, wall clock */
	int64_t lived;		/* ns from its start to its death */
	int64_t latency;	/* ns from the first signal to the confirmed
				 * death; -1: none was sent */
	int64_t user;		/* ns of processor time; -1: unknown */
	int64_t sys;		/* the same, in the kernel */
	int64_t maxrss;		/* KiB, the peak; -1: unknown */
	uint32_t type;		/* an enum procq_event_type */
	uint32_t cause;		/* an enum procq_cause */
	int32_t code;		/* see enum procq_cause */
	int32_t signal;		/* the last signal that was sent; 0: none */
	int32_t step;		/* how many signals were sent, repeats and
				 * SIGCONT aside; 0: it died on its own */
	uint32_t reserved;
};

/*
 * What procq_wait() waits for: a set of these.
 *
 * CHILD: a consumer asks this producer to send a signal, which procq_reap()
 * then does. The death of a child is no such event; see procq_reap().
 *
 * EXITS: the process whose turn is next has exited on its own. Another one
 * that exits while the caller sleeps may end the wait, too.
 */
#define PROCQ_WAIT_ROOM 1u	/* room for procq_spawn() */
#define PROCQ_WAIT_READY 2u	/* a process for procq_take() */
#define PROCQ_WAIT_DEATH 4u	/* a death for procq_collect() */
#define PROCQ_WAIT_CHILD 8u	/* work for procq_reap() */
#define PROCQ_WAIT_EXITS 16u	/* a process for procq_take_exited() */
#define PROCQ_WAIT_STOP 32u	/* the queue to be PROCQ_STOPPED; if it is, the
				 * wait ends at once */
#define PROCQ_WAIT_PERMIT 64u	/* a permit, after -EBUSY from procq_take() */
#define PROCQ_WAIT_ENDINGS 128u	/* a permit to be wanted, or not to be in use
				 * any more: for the participant that gives
				 * them, see procq_need_permits() */

/* procq_closed(): may processes be started? */
#define PROCQ_OPEN 0
#define PROCQ_CLOSED 1
#define PROCQ_STOPPED 2		/* and never again: producers are to leave */

/*
 * procq_lease.policy: what happens when the deadline has come, if the lease was
 * not renewed before.
 *
 * KEEP: nothing is started; what is there lives on.
 *
 * END: nothing is started, and what is there is to be ended: procq_take() and
 * its like don't wait for a gap then. Only participants end it, and only those
 * that look: the programs do, see procq_lease.over.
 *
 * CONTINUE: all goes on, with as many slots as were granted.
 */
enum procq_policy {
	PROCQ_POLICY_NONE = 0,	/* there is no lease */
	PROCQ_POLICY_KEEP = 1,
	PROCQ_POLICY_END = 2,
	PROCQ_POLICY_CONTINUE = 3
};

/* procq_lease.granted: as many as the limit allows. */
#define PROCQ_UNBOUNDED UINT32_MAX

/* The latest epoch that a holder can have. */
#define PROCQ_EPOCH_MAX ((UINT64_C(1) << 43) - 1)

/* Bytes of a name under which a queue was fenced, with its NUL. */
#define PROCQ_FENCER_SIZE 64

/* A lease: see procq_set_lease(). */
struct procq_lease {
	uint32_t size;		/* sizeof(struct procq_lease) */
	uint32_t policy;	/* an enum procq_policy */
	int64_t deadline;	/* a reading of procq_life(), not of
				 * procq_now(); PROCQ_FOREVER: never */
	uint64_t epoch;		/* of its holder, 0 to PROCQ_EPOCH_MAX */
	uint32_t granted;	/* slots; PROCQ_UNBOUNDED */
	uint32_t over;		/* out: 1: the deadline has come */
	uint64_t fenced;	/* out: by which procq_fence(): another number
				 * for each epoch; 0: none */
	char fenced_by[PROCQ_FENCER_SIZE]; /* out: and by whom, as its caller
				 * says: text of others, for people */
};

#define PROCQ_LEASE_INIT \
	{ (uint32_t)sizeof(struct procq_lease), PROCQ_POLICY_NONE, \
	  PROCQ_FOREVER, 0, PROCQ_UNBOUNDED, 0, 0, "" }

/* The highest number that a permit can have; the lowest is 1. */
#define PROCQ_PERMITS_MAX 31

/* procq_permits.states: what becomes of a permit, see procq_give_permit(). */
enum procq_permit_state {
	PROCQ_PERMIT_NONE = 0,	/* there is none of this number */
	PROCQ_PERMIT_UNUSED = 1, /* nothing was signalled with it */
	PROCQ_PERMIT_USED = 2,	/* a process is being ended with it, or is still
				 * to be, because its taker has died */
	PROCQ_PERMIT_OVER = 3	/* that process is dead, and was collected */
};

/* The permits of a queue. Begin with PROCQ_PERMITS_INIT. */
struct procq_permits {
	uint32_t size;		/* sizeof(struct procq_permits) */
	uint32_t needed;	/* 1: endings need one */
	uint64_t epoch;		/* of the holder that has said so */
	int64_t oldest;		/* the greatest age of a process that a
				 * participant would end if it had one; ns */
	uint32_t wanted;	/* how many participants want one */
	uint8_t states[PROCQ_PERMITS_MAX + 1]; /* by number: an enum
				 * procq_permit_state */
	uint8_t reserved[4];
};

#define PROCQ_PERMITS_INIT \
	{ (uint32_t)sizeof(struct procq_permits), 0, 0, 0, 0, { 0 }, { 0 } }

/*
 * Counters and states, summed over the queue. While no participant is in the
 * middle of a step,
 *
 *	started = retired + exited + lost + present
 */
struct procq_stat {
	uint64_t started;	/* processes that entered */
	uint64_t retired;	/* … were ended by a participant */
	uint64_t exited;	/* … exited on their own and were reported */
	uint64_t lost;		/* … were gone, with nobody to report how */
	uint64_t returned;	/* times that a dead participant's process was
				 * put back */
	uint64_t swept;		/* dead participants that were swept */
	uint64_t states[PROCQ_STATES]; /* records by enum procq_state */
	uint64_t present;	/* queued, taken and exited records */
	uint64_t entered;	/* the highest seq that was given or skipped */
	uint64_t bytes;		/* of the shared object */
	int64_t created;	/* ns since the epoch, wall clock */
	uint32_t capacity;	/* records */
	uint32_t limit;		/* how many processes may exist at once */
	uint32_t producers;	/* attached and alive */
	uint32_t consumers;
	uint32_t keepers;
	uint32_t dead;		/* participants that await the sweep */
	uint32_t waiting_room;	/* participants that wait for room */
	uint32_t waiting_ready;	/* … for a process */
	uint32_t closed;	/* as procq_closed() */
	uint32_t granted;	/* how many of the limit the lease grants */
	uint32_t wanted;	/* slots that would be in use if there were
				 * enough: those that are, the exited and the
				 * gone too, and one more for each participant
				 * that waits for room */
	uint32_t over;		/* 1: the lease is over */
};

/* A participant, as procq_participants() names it. */
struct procq_participant {
	uint64_t incarnation;	/* as procq_process.producer and consumer */
	int32_t pid;		/* of its process; 0: not yet known */
	uint32_t role;		/* an enum procq_role */
	uint32_t wants;		/* what it waits for in procq_wait(), a set of
				 * PROCQ_WAIT_ROOM, …; 0: for nothing but time,
				 * or not at all */
	uint32_t dead;		/* 1: it is dead, and not yet swept */
};

/*
 * How many processes lived how long, or took how long to end, of all that were
 * ever reported: as exact as a consumer that is killed lets it be, which was
 * about to count one.
 */
#define PROCQ_HISTOGRAM_LIFETIME 0	/* from start to death: of those that
					 * were ended or have exited */
#define PROCQ_HISTOGRAM_LATENCY 1	/* from the first signal to the
					 * confirmed death */
#define PROCQ_HISTOGRAMS 2
/* 1 us, 2 us, 5 us, 10 us … a million seconds, and more. */
#define PROCQ_BUCKETS 38

struct procq_histogram {
	uint64_t counts[PROCQ_BUCKETS];	/* by procq_bucket(): how many up to
					 * that, and more than that before */
	uint64_t count;		/* the sum of counts */
	uint64_t sum_us;	/* the sum of the values, in microseconds; it
				 * may be ahead of counts, or behind */
};

/* What procq_check() found and did. */
struct procq_report {
	uint64_t swept;		/* dead participants that it swept */
	uint64_t returned;	/* processes that it put back for them */
	uint64_t freed;		/* reservations of the dead that it freed */
	uint64_t hints;		/* missing ring entries that it put back */
	uint64_t lost;		/* processes that died with their producer, and
				 * are still to be reported */
	uint64_t faults;	/* violations that can't be repaired */
	char first[120];	/* the first of these, in words */
};

/* One queue on this machine. */
struct procq_found {
	char object[PROCQ_NAME_SIZE]; /* with its leading slash */
	uid_t uid;		/* its owner */
	mode_t mode;		/* its permission bits */
};

/**
 * Read the clock of deadlines, which is monotonic. Async-signal-safe; any
 * thread.
 * @return ns
 * @since 0.1
 */
PROCQ_API int64_t procq_now(void);

/**
 * Read the clock of lifetimes, which procq_process.age is measured by. Unlike
 * procq_now(), it goes on while the machine is suspended, where the system has
 * such a clock. Async-signal-safe; any thread.
 * @return ns
 * @since 0.1
 */
PROCQ_API int64_t procq_life(void);

/**
 * Say what a negative return value means, in terms of procq. Any thread.
 * @param err a return value of this library
 * @return a static string; never NULL
 * @since 0.1
 */
PROCQ_API const char *procq_strerror(int err);

/**
 * Work out the name of a queue's shared object: /procq.UID.NAME for a NAME
 * without a slash, with the caller's effective user; NAME itself if it begins
 * with a slash. Any thread.
 * @param name of the queue
 * @param object room for PROCQ_NAME_SIZE bytes
 * @retval 0
 * @retval -EINVAL the name is empty, "." or "..", or has a control character,
 *         or a slash that is not its first character
 * @retval -ENAMETOOLONG it is longer than the system allows
 * @since 0.1
 */
PROCQ_API int procq_object_name(const char *name, char *object);

/**
 * Join a queue. If there is none, or its creator died before it was finished,
 * create it. Blocks only while another process creates it, up to
 * options->deadline; other threads may open and close queues meanwhile. Any
 * thread.
 *
 * A queue named without a slash must belong to the caller's effective user. One
 * that is named with a slash may be another user's, and that user can do any
 * harm to it; but only its owner builds an object, and finishes one whose
 * creator died. In a queue of another user, a caller that was root when it
 * opened the queue signals only processes of that user, or of its own: see
 * procq_signal().
 *
 * A container that is started again may find the queue of the one before it,
 * whose PID namespace has ended. If the caller owns such a queue, may create
 * one, no process uses the old one, and no process in it may have outlived its
 * producer, then a new one replaces it.
 *
 * @param out the handle, which procq_close() ends; NULL after an error
 * @param name as for procq_object_name()
 * @param options what it is opened for, and how
 * @retval 0
 * @retval -EINVAL, -ENAMETOOLONG the name, or an option out of range
 * @retval -ENOENT there is no such queue, and it was not to be created
 *         (options->found 1: there is one that its creator has not finished,
 *         and nobody is at work on it)
 * @retval -EACCES its permissions don't let the caller in
 * @retval -EPERM it belongs to another user (options->found: the uid), and the
 *         name has no slash, or it is not finished
 * @retval -EEXIST options->capacity is neither its limit (options->found) nor
 *         what that was when it was created; or options->max is another number
 *         of records than it has (options->found_max)
 * @retval -ENODEV it is not a regular shared memory object; or it is not yet
 *         built, and the file has a second name
 * @retval -EBADMSG it is not a queue, or it is damaged
 * @retval -EPROTONOSUPPORT it is a queue of another version, machine type or
 *         build (options->found: an enum procq_differs)
 * @retval -EXDEV it is a queue of another PID namespace or another time
 *         namespace (options->found: a set of PROCQ_FOREIGN_USED, …)
 * @retval -ENOTSUP there is no /proc to see the PID namespace in (Linux)
 * @retval -ESTALE it is a queue of an earlier boot
 * @retval -EBUSY a process that uses no queue has read locks on the object,
 *         so that the caller can't lock its own byte (options->found: its pid,
 *         0: unknown)
 * @retval -EUSERS all PROCQ_PARTICIPANTS_MAX places are taken
 * @retval -ENOSPC, -ENOMEM, -EMFILE, -ENFILE, -ENOLCK too little of something
 * @retval -ETIMEDOUT the deadline came (options->found: the pid of the
 *         process that is creating the queue, 0: unknown)
 * @since 0.1
 */
PROCQ_API int procq_open(struct procq **out, const char *name,
			 struct procq_options *options);

/**
 * Leave the queue. The last participant to leave an empty queue removes it.
 *
 * Processes that this participant has taken go back into the queue. Processes
 * that it has started stay alive in the queue, and children of this process;
 * to leave none behind, wait until procq_children() is 0 first. A child that
 * has not entered by then exits. To leave processes behind, start them with
 * PROCQ_SPAWN_ENTERED.
 *
 * Waits for no process. Before Linux 6.9, closing a handle with live children
 * takes 30 ms: their start times become provable in that time.
 *
 * From now on the handle is invalid, also for a procq_wake() in a signal
 * handler: remove that handler first.
 *
 * @param q a handle of any role; NULL: nothing is done
 * @retval 0
 * @retval 1 the queue was removed
 * @retval -ECHILD it is the parent's handle, and stays as it is
 * @since 0.1
 */
PROCQ_API int procq_close(struct procq *q);

/** The object's name, with its leading slash; valid until procq_close().
 * @since 0.1 */
PROCQ_API const char *procq_object(const struct procq *q);
/** How many records the object has: up to so many the limit can be raised.
 * @since 0.1 */
PROCQ_API uint32_t procq_capacity(const struct procq *q);
/** The limit: how many processes may exist at once. @since 0.1 */
PROCQ_API uint32_t procq_limit(const struct procq *q);
/** How many records are in use at the moment: of processes that are being
 * started, are in the queue, or are being ended. Takes the same time whatever
 * the capacity; may be off while others are in the middle of a step, or die in
 * one. @since 0.1 */
PROCQ_API uint32_t procq_occupied(const struct procq *q);
/** The incarnation number of this participant; 0: it was opened as an onlooker.
 * @since 0.1 */
PROCQ_API uint64_t procq_incarnation(const struct procq *q);

/**
 * Start a process, which enters itself into the queue before it does anything
 * else. Never waits for room. With a command, blocks until the process has
 * executed it, or died; but if that takes longer than 100 ms, as of a file on a
 * server that does not answer, no longer: then it returns 0, and if the command
 * can't be executed after all, the process exits with 127 or 126. With
 * PROCQ_SPAWN_ENTERED, blocks until the process has entered; for a second at
 * most, if it is stopped: then seq is 0.
 *
 * Where the system has a death signal, it comes when the thread that called
 * this ends: call it in a thread that lives as long as the processes may.
 *
 * @param q a producer's handle
 * @param command what to start; NULL: an idle process
 * @param out its description; may be NULL. Without PROCQ_SPAWN_ENTERED, seq
 *        and queued may still be 0
 * @retval 0
 * @retval -EAGAIN the queue is full, or its lease is over: wait for
 *         PROCQ_WAIT_ROOM
 * @retval -ESHUTDOWN the queue is closed
 * @retval -EIDRM the object has lost its name: see procq_wait()
 * @retval -EINVAL the command, or a method that it can't be started with
 * @retval -ENOSYS this method, or cgroups, are not available here
 * @retval -ENOTSUP a sandbox forbids the death signal, so that only processes
 *         with PROCQ_SPAWN_KEEP can be started
 * @retval -EDOM with PROCQ_SPAWN_KEEP: the lease's policy is PROCQ_POLICY_END
 * @retval -ECHILD SIGCHLD is ignored, so that the end of a process can't be
 *         reported; or the handle is another process's
 * @retval -EXDEV the caller's children are in another PID namespace than
 *         itself, as after unshare()
 * @retval -ENOENT, -EACCES, -E2BIG, … the command can't be executed. Either
 *         nothing was started, and out->pid is 0; or a process was started,
 *         has entered, and exited with 127 or 126
 *         (PROCQ_PROCESS_NO_OUTPUT in out->flags: or with 125, since its output
 *         can't be opened)
 * @retval -ECANCELED the process was killed before it had entered, or the
 *         lease was over; seen with PROCQ_SPAWN_ENTERED only
 * @retval -EUSERS the system has no process to spare (EAGAIN of fork)
 * @retval -ENOMEM, -EMFILE, -ENFILE too little of something
 * @since 0.1
 */
PROCQ_API int procq_spawn(struct procq *q, const struct procq_command *command,
			  struct procq_process *out);

/**
 * Wait until a process that procq_spawn() started without PROCQ_SPAWN_ENTERED
 * has entered, and describe it. Call this before any procq_reap() that may
 * reap the process. Blocks for a second at most.
 * @param process as procq_spawn() described it: slot and pid are read
 * @retval 0 it has entered; or, if seq is 0, it has not within a second: it is
 *         stopped
 * @retval -ECANCELED it was killed before it had entered
 * @retval -ESRCH no unreaped process of this handle
 * @since 0.1
 */
PROCQ_API int procq_entered(struct procq *q, struct procq_process *process);

/**
 * Read the present description of a process that this handle has started.
 * Although it only looks, it needs a participant's handle of this process.
 * @param slot where the process is
 * @retval 0
 * @retval -ESRCH it is not there any more
 * @since 0.1
 */
PROCQ_API int procq_child(const struct procq *q, uint32_t slot,
			  struct procq_process *out);

/** How many processes of this handle are not yet reaped. @since 0.1 */
PROCQ_API uint32_t procq_children(const struct procq *q);

/**
 * Look for processes of this handle that have died: enter their status into
 * their records, then reap them. Also send the signals that consumers have
 * asked for, if only the parent can send them.
 *
 * A producer calls this whenever procq_wait() returns, after SIGCHLD, and at
 * least every PROCQ_PATIENCE. The death of a child does not end procq_wait():
 * to report deaths at once, call procq_wake() in a handler of SIGCHLD.
 *
 * With more than a thousand children it may put the look off by a few
 * milliseconds; procq_wait() then returns in time for it.
 *
 * @return how many were reaped
 * @since 0.1
 */
PROCQ_API int procq_reap(struct procq *q);

/**
 * Do the same as procq_reap() for one dead process, and report its end. This
 * is what procq_collect() reports to a consumer, without the consumer's part
 * (signal, step, latency).
 * @param out the end of the process
 * @retval 1 *out has it
 * @retval 0 none has died
 * @since 0.1
 */
PROCQ_API int procq_reap_one(struct procq *q, struct procq_event *out);

/**
 * Look at the process whose turn is next, without taking it.
 * @param out its description
 * @retval 0
 * @retval -EAGAIN there is none
 * @since 0.1
 */
PROCQ_API int procq_peek(struct procq *q, struct procq_process *out);

/**
 * Take the process whose turn is next; from now on this participant is to end
 * it. The process is pinned first, so that no signal can reach another one.
 * @param only take this one (from procq_peek()) or none; NULL: any
 * @param out its description; out->slot names it from now on
 * @retval 0
 * @retval -EAGAIN there is none, or it is not this one
 * @retval -EBUSY not yet: see procq_set_gap(), procq_need_permits()
 * @retval -EIDRM the object has lost its name: see procq_wait()
 * @retval -EMFILE, -ENFILE, -ENOMEM no descriptor or memory for the pin; the
 *         process stays in the queue
 * @since 0.1
 */
PROCQ_API int procq_take(struct procq *q, const struct procq_process *only,
			 struct procq_process *out);

/**
 * Take a process that this handle has started, alive or not, wherever it
 * stands in the queue. May look at all records.
 * @param out its description
 * @retval 0
 * @retval -EAGAIN there is none that is not yet taken
 * @retval -EBUSY not yet, as all are alive: see procq_set_gap()
 * @retval -EMFILE, -ENFILE, -ENOMEM as for procq_take()
 * @since 0.1
 */
PROCQ_API int procq_take_own(struct procq *q, struct procq_process *out);

/**
 * Take this process, wherever it stands in the queue, if it is still there.
 * Takes the same time whatever the capacity. As after procq_take(), others that
 * wait for a process are woken, if this participant owes it to them.
 *
 * @param which as procq_snapshot() or procq_peek() has described it: slot, and
 *        pid and started; where one of these is 0, seq instead
 * @param out its description; may be the same as which
 * @retval 0
 * @retval -EAGAIN it is not there any more, has not yet entered, or is taken
 *         already; procq_snapshot() shows which
 * @retval -EBUSY not yet: see procq_set_gap(), procq_need_permits()
 * @retval -EINVAL which or out is NULL
 * @retval -EMFILE, -ENFILE, -ENOMEM as for procq_take()
 * @since 0.1
 */
PROCQ_API int procq_take_this(struct procq *q,
			      const struct procq_process *which,
			      struct procq_process *out);

/**
 * Take a process that has exited on its own, wherever it stands in the queue.
 * May look at all records.
 * @param out its description
 * @retval 0
 * @retval -EAGAIN there is none
 * @retval -ENOMEM no memory to note it in
 * @since 0.1
 */
PROCQ_API int procq_take_exited(struct procq *q, struct procq_process *out);

/**
 * Keep a distance between endings, over all participants that do: one process
 * at a time, and the next not before the gap after the last confirmed death.
 *
 * From now on, procq_take(), procq_take_this() and procq_take_own() return
 * -EBUSY instead of a process that is alive as long as another participant with
 * a gap has one that it has taken, and until the gap after a death is over; the
 * dead are taken at any time. Each participant waits for a gap of its own. A
 * death counts if procq_signal() was used on the process, by whichever
 * participant, with a gap or without; one without a gap waits for none.
 *
 * If a participant dies in the middle of an ending, or gives the process back,
 * the others finish that one before they begin with another.
 *
 * The gap goes on while the machine is suspended, as procq_life() does. A
 * stopped participant that has taken a process keeps all others with a gap from
 * ending one, and so does a process that survives SIGKILL.
 *
 * @param gap ns; 0: none. To be set before the first take
 * @retval 0
 * @retval -EINVAL it is below 0
 * @since 0.1
 */
PROCQ_API int procq_set_gap(struct procq *q, int64_t gap);

/**
 * Ask whether this handle, with its gap, may take a process that is alive; a
 * permit may be needed beside that, see procq_need_permits(). procq_take()
 * finishes first what is to be finished first; a caller that takes
 * by other means, such as procq_take_this(), has to.
 * @param when out, after -EBUSY: a reading of procq_now() when to ask again
 * @param first out, after 1: the process to be taken first
 * @retval 0 any, if it has a permit where that is needed; also without a gap
 * @retval 1 only *first: what another participant has begun to end, and did not
 *         finish
 * @retval -EBUSY none; not before *when, unless this handle collects a death
 * @retval -EINVAL when or first is NULL
 * @since 0.1
 */
PROCQ_API int procq_gap(struct procq *q, int64_t *when,
			struct procq_process *first);

/**
 * Say whether consumers need a permit to end a process. This is for a program
 * that spaces or orders endings over many queues, on many hosts, say: from now
 * on, procq_take() and its like return -EBUSY to a handle that was opened as
 * PROCQ_ROLE_CONSUMER, instead of a process that is alive, until the caller has
 * given one.
 *
 * Other roles need none: those that end what they have started, and people.
 * What has exited needs none, nor what is ended because a lease is over.
 *
 * As with a lease, the caller with the latest epoch is the giver: an earlier
 * one can't give permits any more. What was given stays, and is the later
 * one's; after a change of giver, look with procq_permits() what is there.
 *
 * @param epoch of the caller, 0 to PROCQ_EPOCH_MAX
 * @param needed 1, or 0: no more
 * @retval 0
 * @retval -ENOTCONN there is a giver with a later epoch
 * @retval -ERANGE epoch
 * @since 0.1
 */
PROCQ_API int procq_need_permits(struct procq *q, uint64_t epoch, int needed);

/**
 * Give a permit: one process may be ended. A consumer that wants one is woken,
 * if it waits for PROCQ_WAIT_PERMIT. The permit is bound to the process that is
 * taken with it, before that can be signalled. If the taker dies, or gives the
 * process back, after a signal, that process is to be finished first, by
 * whichever consumer, with the same permit; if there was no signal, the permit
 * is unused again. When the process is dead and collected, the permit is over:
 * the giver withdraws it, and may give it anew.
 *
 * An unused permit begins no ending while a lease is over: see
 * procq_set_lease().
 *
 * @param epoch as for procq_need_permits()
 * @param number of the permit, 1 to PROCQ_PERMITS_MAX: the giver's choice
 * @retval 0
 * @retval -EALREADY there is one of that number
 * @retval -ENOTCONN the giver is another, with a later epoch
 * @retval -ERANGE epoch or number
 * @since 0.1
 */
PROCQ_API int procq_give_permit(struct procq *q, uint64_t epoch,
				unsigned number);

/**
 * Withdraw a permit that is unused, or over.
 * @param epoch, number as for procq_give_permit()
 * @retval 0 there is none of that number any more
 * @retval -EBUSY it is in use
 * @retval -ENOTCONN the giver is another, with a later epoch
 * @retval -ERANGE epoch or number
 * @since 0.1
 */
PROCQ_API int procq_withdraw_permit(struct procq *q, uint64_t epoch,
				    unsigned number);

/**
 * Look at the permits, and count the participants that want one: each that was
 * refused one within the last second. Looks at all places.
 * @param out begin with PROCQ_PERMITS_INIT
 * @retval 0
 * @retval -EINVAL out is NULL, or its size is none
 * @since 0.1
 */
PROCQ_API int procq_permits(const struct procq *q, struct procq_permits *out);

/**
 * Send a signal to a taken process, or to its process group if it leads one.
 *
 * A process that may write to a queue can name any process in it. So in
 * another user's queue, root signals only what the kernel says is that user's,
 * and never its group; for any other process, it asks the parent.
 *
 * @param slot from procq_take()
 * @param signo 1 to SIGRTMAX
 * @param alone 1: only to the process, never to its group
 * @retval 0 it was sent
 * @retval 1 this handle can't or may not send it: the parent was asked to,
 *         and to send SIGCONT after it, which a stopped process needs in order
 *         to die; so asking for SIGCONT, too, does nothing
 * @retval -ESRCH the process is dead, or this handle has not taken it. As long
 *         as its death is not collected, what is left of its group gets the
 *         signal all the same, if it got one before
 * @retval -EACCES the system does not let this process signal it, and its
 *         parent can't be asked
 * @retval -EPERM in another user's queue: it is not known to be that user's,
 *         and its parent can't be asked
 * @retval -ENOTSUP nothing here proves that it is still the same process
 * @retval -EINVAL there is no such signal
 * @since 0.1
 */
PROCQ_API int procq_signal(struct procq *q, uint32_t slot, int signo,
			   int alone);

/**
 * Collect the next taken process whose death is confirmed, and free its
 * record; one that is held, when its group is, too: see procq_hold(). A process
 * that exited on its own is collected in the same way. A death is confirmed
 * when the parent has entered the status, see procq_reap(); if the parent is
 * dead, without that; if the parent is stopped, a second after the death. Then
 * the cause is what the kernel tells of it, as a rule: it is
 * PROCQ_CAUSE_UNKNOWN without pidfds and /proc; and the end is when a call of
 * this first saw it dead.
 * @param out the end of the process
 * @retval 1 *out has it
 * @retval 0 there is none
 * @since 0.1
 */
PROCQ_API int procq_collect(struct procq *q, struct procq_event *out);

/**
 * Hold a taken process, until nobody is left of its process group: from now on
 * procq_collect() reports its death, and frees its record, when the others of
 * the group are dead, too; and procq_signal() reaches these meanwhile. The end
 * that is reported is that of the process itself. That others are left is
 * reported once before, as PROCQ_EVENT_LEFT. What outlives a process that got
 * no signal from a participant holds up nothing.
 *
 * The caller decides for how long: it lets go by hold = 0, for example after
 * the last signal that it sends. If this participant dies before that, the one
 * that takes the process next, which is dead by then, reaches what is left of
 * its group in the same way (since Linux 6.14; before that, it is out of
 * reach).
 *
 * @param slot from procq_take()
 * @param hold 1, or 0: collect it as soon as it is dead
 * @retval 0
 * @retval -ESRCH this handle has not taken it
 * @retval -ENOTSUP it leads no group, or nothing here proves which processes
 *         are left of one when its leader is dead: before Linux 6.9, in
 *         another user's queue, where its parent has to be asked to signal it,
 *         or if it was dead when it was taken, and had got no signal from a
 *         participant, or nobody is left
 * @since 0.1
 */
PROCQ_API int procq_hold(struct procq *q, uint32_t slot, int hold);

/** How many taken processes have not been collected yet. @since 0.1 */
PROCQ_API uint32_t procq_in_flight(const struct procq *q);

/**
 * Put a taken process back into the queue, behind all others.
 * @param slot from procq_take()
 * @retval 0
 * @retval -ESRCH this handle has not taken it
 * @since 0.1
 */
PROCQ_API int procq_give_back(struct procq *q, uint32_t slot);

/**
 * Sleep until there may be something of what is wanted, a signal handler has
 * run, procq_wake() was called, or the deadline has come. May return early:
 * look again. If nothing comes, it looks for dead participants every
 * PROCQ_PATIENCE, and sweeps after them.
 *
 * Before it sleeps, it lets others run (sched_yield()) for up to 50 us; not if
 * another participant already does so for the same, nor if the wait before has
 * timed out and this handle has sent no signal since.
 *
 * After a wait for PROCQ_WAIT_ROOM or PROCQ_WAIT_READY, call spawn, take, wait
 * or close promptly: these wake the next waiter, which otherwise sleeps on,
 * for PROCQ_PATIENCE at most.
 *
 * Somebody may remove the object by hand while it is used, or the system at the
 * end of a login session. Then nobody can join this queue any more, and another
 * one may get its name. It is looked for every PROCQ_PATIENCE. A participant
 * should end what it has, and leave: procq_take_own(), procq_signal(),
 * procq_collect() and procq_reap() work as before.
 *
 * @param what a set of PROCQ_WAIT_ROOM, PROCQ_WAIT_READY, …; 0: only sleep
 * @param deadline a reading of procq_now()
 * @retval 0 look again
 * @retval -ETIMEDOUT the deadline has come
 * @retval -EINTR a signal handler has run
 * @retval -ESTALE others have taken this participant for dead
 * @retval -EIDRM the object has lost its name. Returned as soon as that is
 *         seen, and from then on after each sleep in vain
 * @since 0.1
 */
PROCQ_API int procq_wait(struct procq *q, unsigned what, int64_t deadline);

/**
 * End the present procq_wait() of this handle, or the next one.
 * Async-signal-safe; any thread; also in a child made by fork(), as long as
 * the parent has the handle open.
 * @param q an open handle; NULL or an onlooker's: nothing is done
 * @since 0.1
 */
PROCQ_API void procq_wake(struct procq *q);

/**
 * Is the queue finished: closed, or without a producer, and with no process in
 * it but those that this participant has taken? A producer that was starting a
 * process when the queue was closed may still enter that. Looks at all places
 * and records. For a participant; not checked.
 * @retval 1 it is
 * @retval 0 it is not
 * @since 0.1
 */
PROCQ_API int procq_drained(struct procq *q);

/**
 * Close the queue, or open it again. While it is closed or stopped,
 * procq_spawn() starts nothing, for any producer; all else goes on. That it is
 * stopped asks its producers to wait until their processes are over, and to
 * leave; it ends each wait for PROCQ_WAIT_STOP. Nothing makes them do so.
 * @param closed PROCQ_OPEN, PROCQ_CLOSED or PROCQ_STOPPED
 * @retval 0
 * @retval -EINVAL none of these
 * @since 0.1
 */
PROCQ_API int procq_set_closed(struct procq *q, int closed);

/**
 * Set the limit: how many processes may exist at once. Once this has returned,
 * and until the limit is set again, by anybody, no process is started for which
 * there would be more. Nothing is ended: if more exist than may, nothing is
 * started until enough are over. As many records as the object has more than
 * the limit are parked, each as soon as it is free: nothing is lost if the
 * caller is killed meanwhile, since others finish what it has begun.
 *
 * Takes as long as it takes to park or to unpark one record after another: less
 * than a microsecond each.
 *
 * @param limit 0 (nothing is started) to procq_capacity()
 * @return how many records are in use beyond the limit, at the moment
 * @retval -ERANGE it is more than procq_capacity()
 * @retval -EBADMSG the object is damaged
 * @since 0.1
 */
PROCQ_API int procq_set_limit(struct procq *q, uint32_t limit);

/**
 * Set a lease: until when processes may be started, and how many slots are
 * granted, beside the limit: the lesser of both counts. This is for a program
 * that gets both from outside, for many hosts, say, and renews the lease by
 * setting it again, with a later deadline.
 *
 * Numbers are absolute, so to set the same again does no harm. If fewer slots
 * are granted than are in use, nothing is ended, and nothing is started until
 * enough are over, as with procq_set_limit(). A process that has exited holds
 * its slot until that is reported.
 *
 * The deadline is a reading of procq_life(): time goes on while the machine is
 * suspended. It is kept in units of 1.05 ms, rounded down. When it has come,
 * with PROCQ_POLICY_KEEP and PROCQ_POLICY_END, procq_spawn() returns -EAGAIN;
 * and a process that was being started, and has not entered by then, does not
 * enter any more, but exits: each participant that waits, takes or reaps sees
 * to it, within PROCQ_PATIENCE. So from then on nothing is started, whatever
 * is killed, or stopped and continued later.
 *
 * With PROCQ_POLICY_END, participants end what is there while the lease is
 * over: one that is set before they have begun lets it live. So a holder that
 * was late, and whose slots others may have, sets another one only when
 * procq_stat.present is 0.
 *
 * Of two holders, the one with the later epoch has the lease: once it has set
 * one, the other gets -ENOTCONN. With one epoch, what was set last counts.
 *
 * If the caller is killed meanwhile, what it has set half is no longer and no
 * more than the old lease, or than the new one.
 *
 * @param terms begin with PROCQ_LEASE_INIT, which is no lease
 * @return how many records are in use beyond what is granted, and the limit
 * @retval -ENOTCONN another holder has a later epoch
 * @retval -EINVAL terms is NULL, or its size or policy is none
 * @retval -ERANGE epoch, or granted is more than procq_capacity()
 * @retval -EBADMSG the object is damaged
 * @since 0.1
 */
PROCQ_API int procq_set_lease(struct procq *q,
			      const struct procq_lease *terms);

/**
 * Fence the queue: its slots were taken back by somebody, for good, and not
 * because a lease has run out. Nothing is granted, and the lease is over, as if
 * it were set so; its policy stays, or is PROCQ_POLICY_KEEP if there was none.
 * Participants see by procq_lease() that it was so, and by whom, also when a
 * later holder has set another lease.
 *
 * To do it again with the same epoch changes nothing. If the caller is killed
 * meanwhile, the lease may be as it was, and the name may be unknown.
 *
 * @param epoch the holder's, 0 to PROCQ_EPOCH_MAX
 * @param by the name under which it is done; cut to what
 *        procq_lease.fenced_by holds
 * @retval 0
 * @retval -ENOTCONN another holder has a later epoch
 * @retval -EINVAL by is NULL or empty
 * @retval -ERANGE epoch
 * @retval -EBADMSG the object is damaged
 * @since 0.1
 */
PROCQ_API int procq_fence(struct procq *q, uint64_t epoch, const char *by);

/**
 * Read the lease. While another sets it, the two may be mixed.
 * @param out the lease; its policy is PROCQ_POLICY_NONE if there is none
 * @retval 0
 * @retval -EINVAL out is NULL
 * @since 0.1
 */
PROCQ_API int procq_lease(const struct procq *q, struct procq_lease *out);

/**
 * Is the queue closed?
 * @retval PROCQ_OPEN it is open
 * @retval PROCQ_CLOSED it is closed
 * @retval PROCQ_STOPPED the same, and its producers are to leave
 * @since 0.1
 */
PROCQ_API int procq_closed(const struct procq *q);

/**
 * Read the counters. Looks at all places and records.
 * @param out the counters
 * @retval 0
 * @since 0.1
 */
PROCQ_API int procq_stat(const struct procq *q, struct procq_stat *out);

/**
 * The greatest value that a bucket of a histogram has. Any thread.
 * @param bucket from 0
 * @return ns; PROCQ_FOREVER for the last bucket
 * @since 0.1
 */
PROCQ_API int64_t procq_bucket(unsigned bucket);

/**
 * Read a histogram. For a queue that is in use, the counts may be of slightly
 * different moments.
 * @param which PROCQ_HISTOGRAM_LIFETIME or PROCQ_HISTOGRAM_LATENCY
 * @param out the histogram
 * @retval 0
 * @retval -EINVAL there is no such histogram
 * @since 0.1
 */
PROCQ_API int procq_histogram(const struct procq *q, int which,
			      struct procq_histogram *out);

/**
 * Read the records that are not free, in the order of entry; processes that
 * have not yet entered come last. Looks at all records.
 * @param out room for max descriptions; may be NULL if max is 0
 * @param max how many to write at most
 * @return how many there are; only the first max are written
 * @retval -ENOMEM
 * @since 0.1
 */
PROCQ_API int procq_snapshot(const struct procq *q, struct procq_process *out,
			     uint32_t max);

/**
 * Read the processes that have come to wait since the last call: those that
 * have entered the queue, and those that were put back into it, in this order.
 * Takes as long as these are many, however large the queue is. What is taken
 * already is left out. A process may come more than once.
 * @param seen in and out: where the last call ended; 0 at first, for all that
 *        are in the queue
 * @param out room for max descriptions; their state is QUEUED or EXITED
 * @param max how many to write at most, 1 or more
 * @return how many were written; if it is max, there may be more
 * @retval -ENOBUFS some can't be found in this way for the moment, since a
 *         process that nobody takes has waited for very long, and very many
 *         have come behind it: procq_snapshot() shows them. *seen is as it was
 * @since 0.1
 */
PROCQ_API int procq_arrivals(const struct procq *q, uint64_t *seen,
			     struct procq_process *out, uint32_t max);

/**
 * Name the participants. Looks at all places.
 * @param out room for max descriptions; may be NULL if max is 0
 * @param max how many to write at most
 * @return how many there are; only the first max are written
 * @since 0.1
 */
PROCQ_API int procq_participants(const struct procq *q,
				 struct procq_participant *out, uint32_t max);

/**
 * Ask how much memory a process of the queue has resident: itself, without its
 * children. No other process is asked that got its pid.
 * @param which as procq_snapshot() or procq_arrivals() has described it: its
 *        slot, pid and started are read; NULL: the caller itself, to see
 *        whether this system tells
 * @param bytes out: how much
 * @retval 0
 * @retval -ESRCH it is dead, or not there any more
 * @retval -ENOTSUP this system does not tell, or has no /proc of the caller's
 *         PID namespace
 * @retval -EACCES it does not tell the caller
 * @retval -EINVAL bytes is NULL
 * @retval -EMFILE, -ENFILE, -ENOMEM too little of something
 * @since 0.1
 */
PROCQ_API int procq_resident(const struct procq *q,
			     const struct procq_process *which,
			     int64_t *bytes);

/**
 * Sweep after every dead participant, put missing ring entries back, and
 * verify every invariant that can be seen in the object. If it finds a fault,
 * it looks again for some 100 ms, as others may be in the middle of a step.
 * @param out what it has found and done
 * @retval 0 out->faults says whether all is well
 * @retval -ENOMEM
 * @since 0.1
 */
PROCQ_API int procq_check(struct procq *q, struct procq_report *out);

/**
 * Remove an empty queue that nobody else uses. Blocks for a second or two at
 * most, while another participant is about to remove it. After 0, 1, -EUSERS
 * and -EINPROGRESS the handle is an onlooker's, and still to be closed; after
 * any other error it is as before.
 * @retval 0
 * @retval 1 it is gone already: another participant has removed it as it left
 *         at this moment, or somebody by hand
 * @retval -EBUSY it has processes in it, or other participants
 * @retval -EUSERS the same, and another participant has taken the place of
 *         this one
 * @retval -EINPROGRESS another participant has been about to remove it for a
 *         second, and is perhaps stopped
 * @retval -ENOLCK, -EIO, … what kept the system from it
 * @since 0.1
 */
PROCQ_API int procq_remove(struct procq *q);

/**
 * Unlink an object that is not a usable queue and that nobody uses: one that
 * is damaged, or whose creator did not finish it, or a queue of another
 * version, build, machine type, boot, PID or time namespace. A process of
 * another version that joins its queue at this very moment is not seen. Blocks
 * for half a second at most, while another process is setting the queue up. Any
 * thread.
 *
 * A name without a slash leads to an object of the caller's effective user.
 * With one, the caller has to own the object, or to be root.
 *
 * @param name as for procq_object_name()
 * @param found out: see the errors, otherwise 0; may be NULL
 * @retval 0
 * @retval -EALREADY it is a usable queue: procq_remove() is for these
 * @retval -EBUSY a process uses it, or is setting it up (*found: its pid, 0:
 *         it is of another PID namespace)
 * @retval -EPERM it belongs to another user (*found: the uid)
 * @retval -EINVAL, -ENAMETOOLONG the name
 * @retval -ENOENT there is no such object
 * @retval -EACCES its permissions keep the caller out
 * @retval -ENODEV it is not a regular shared memory object
 * @retval -ENOMEM, -EMFILE, -ENOLCK, … what kept the system from it
 * @since 0.1
 */
PROCQ_API int procq_unlink(const char *name, uint32_t *found);

/**
 * Find the queues on this machine. Any thread.
 * @param visit is called with each; a return value other than 0 ends the
 *        search
 * @param arg is handed to visit
 * @return what visit returned last, or 0
 * @retval -ENOTSUP this system can't list shared memory objects
 * @retval -ENOMEM, -EMFILE, … what kept it from looking at one
 * @since 0.1
 */
PROCQ_API int procq_list(int (*visit)(const struct procq_found *, void *),
			 void *arg);

#ifdef __cplusplus
}
#endif
#endif
