/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * procq.h - a bounded queue of living processes in POSIX shared memory.
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
 *		while (procq_children(q) > 0) {
 *			procq_wait(q, PROCQ_WAIT_CHILD, PROCQ_FOREVER);
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
 *		int rc = 0;
 *
 *		o.role = PROCQ_ROLE_CONSUMER;
 *		o.flags = PROCQ_OPEN_NOCREATE;
 *		if (procq_open(&q, "demo", &o) < 0)
 *			return 1;
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
 * Rules for every function:
 *
 * - It never prints and never exits. It returns 0, or a count, or a negative
 *   errno value; errno itself is unspecified afterwards.
 * - Times are nanoseconds in int64_t. A deadline is a reading of
 *   procq_now(), not a duration; PROCQ_FOREVER never comes.
 * - One handle is one participant of the queue. It belongs to one thread at
 *   a time and to the process that opened it: in a child made by fork() every
 *   function that changes something answers -ECHILD, but for procq_wake().
 *   Several handles in one process are several participants.
 * - Whichever participant is killed with SIGKILL, wherever: nothing is lost
 *   and nobody waits for it. What it held goes back when another participant
 *   finds it dead, at the latest PROCQ_PATIENCE after looking in vain.
 * - A thread that uses a handle may be cancelled while it is in procq_wait();
 *   procq_open(), procq_close() and procq_spawn() don't act on it. Around the
 *   others, disable it: they may be cancelled half-way.
 * - The library installs no signal handler, and waits only for the processes
 *   that it started itself. It has to be the one who does: what is reaped by
 *   somebody else, by wait() or waitpid(-1) in another thread, or by the kernel
 *   because SIGCHLD is ignored or has SA_NOCLDWAIT, is told as lost.
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

/* The most records a queue can have; a capacity is 1 to this. */
#define PROCQ_CAPACITY_MAX 1048576
/* The capacity of a queue whose creator named none. */
#define PROCQ_CAPACITY_DEFAULT 16
/* The most participants that can be attached to one queue at once. */
#define PROCQ_PARTICIPANTS_MAX 1024
/* Bytes of a label, the terminating NUL among them. */
#define PROCQ_LABEL_SIZE 16
/* The label of a process that was given none and executes no command. */
#define PROCQ_LABEL_IDLE "idle"
/* Bytes that hold the name of any queue's object, with its NUL. */
#define PROCQ_NAME_SIZE 260
/* A deadline that never comes. */
#define PROCQ_FOREVER INT64_MAX
/* The longest a wait sleeps before it looks for the dead, in ns. */
#define PROCQ_PATIENCE INT64_C(250000000)

/* A handle: one participant of one queue, or one onlooker. */
struct procq;

/* What a participant comes for. Shown to others; PROCQ_ROLE_ONLOOKER also maps the
 * object read-only, takes no place in the queue and can only look. */
enum procq_role {
	PROCQ_ROLE_PRODUCER = 1,
	PROCQ_ROLE_CONSUMER = 2,
	PROCQ_ROLE_KEEPER = 3,	/* checks, repairs, removes */
	PROCQ_ROLE_ONLOOKER = 4
};

/* The state of a record. */
enum procq_state {
	PROCQ_STATE_FREE = 0,		/* room */
	PROCQ_STATE_RESERVED = 1,	/* a producer is starting a process */
	PROCQ_STATE_QUEUED = 2,	/* a process waits in the queue */
	PROCQ_STATE_TAKEN = 3,	/* a consumer is ending it */
	PROCQ_STATE_EXITED = 4,	/* ended by itself, to be told */
	PROCQ_STATE_GONE = 5		/* dead and told; its parent has yet to reap it */
};

/* Options of procq_open(). Begin with PROCQ_OPTIONS_INIT, so that members of
 * later versions have their defaults. */
struct procq_options {
	uint32_t size;		/* sizeof(struct procq_options) */
	uint32_t role;		/* an enum procq_role */
	uint32_t flags;		/* PROCQ_OPEN_NOCREATE, … */
	uint32_t capacity;	/* records, 0: as it is, or the default */
	uint32_t mode;		/* permission bits of a new object */
	uint32_t found;		/* out: what the object has instead; see
				 * the errors of procq_open() */
	int64_t deadline;	/* for a creator in the middle of its work */
};

#define PROCQ_OPTIONS_INIT \
	{ (uint32_t)sizeof(struct procq_options), PROCQ_ROLE_CONSUMER, 0, 0, 0600, \
	  0, PROCQ_FOREVER }

/* procq_options.flags: fail with -ENOENT where there is no queue. Consumers
 * and keepers may leave it out only to create an empty queue; an onlooker
 * never creates. */
#define PROCQ_OPEN_NOCREATE 1u
/* procq_options.flags: this process has no children but those of this
 * handle that somebody else would wait for. procq_reap() then also reaps
 * strangers, which it would otherwise have to step around one by one. */
#define PROCQ_OPEN_REAP_ALL 2u

/* How procq_spawn() starts a process. */
enum procq_method {
	PROCQ_METHOD_AUTO = 0,		/* the fastest that works here */
	PROCQ_METHOD_FORK = 1,		/* fork() */
	PROCQ_METHOD_VFORK = 2,	/* commands only: the parent's memory until exec */
	PROCQ_METHOD_CLONE = 3		/* the parent's memory, a small own stack */
};

/* procq_command.flags */
#define PROCQ_SPAWN_KEEP 1u		/* may outlive its producer: no death signal */
#define PROCQ_SPAWN_GROUP 2u		/* leads a process group, which is signalled */
#define PROCQ_SPAWN_STDIN 4u		/* a command keeps standard input */
#define PROCQ_SPAWN_ENTERED 8u	/* return when it has entered itself */

/* What procq_spawn() starts. Begin with PROCQ_COMMAND_INIT, an idle process,
 * so that members of later versions have their defaults. */
struct procq_command {
	uint32_t size;		/* sizeof(struct procq_command); 0: the size it
				 * had in version 0.1, so all may be zero */
	uint32_t method;	/* an enum procq_method */
	uint32_t flags;		/* PROCQ_SPAWN_KEEP, … */
	uint32_t reserved;	/* 0 */
	const char *const *argv; /* NULL-terminated, NULL: an idle process */
	const sigset_t *mask;	/* its signal mask, NULL: the caller's */
	const char *label;	/* NULL: the command's last path component, or
				 * PROCQ_LABEL_IDLE */
};

#define PROCQ_COMMAND_INIT \
	{ (uint32_t)sizeof(struct procq_command), PROCQ_METHOD_AUTO, 0, 0, \
	  NULL, NULL, NULL }

/* A process in the queue, as its record has it. */
struct procq_process {
	uint64_t seq;		/* place in the order of entry, from 1; 0:
				 * not yet entered. Never used twice */
	uint64_t ino;		/* pidfs inode, 0: unknown here */
	uint64_t producer;	/* incarnation number of its producer */
	uint64_t consumer;	/* … of the consumer that has it, 0: none */
	int64_t started;	/* ns since the epoch, wall clock */
	int64_t queued;		/* ns since the epoch, wall clock */
	int64_t age;		/* ns since its start; up to its death */
	int32_t pid;		/* 0: not yet known */
	int32_t ppid;		/* the process that started it */
	uint32_t slot;		/* the record, 0 to capacity - 1 */
	uint32_t state;		/* an enum procq_state */
	uint32_t flags;		/* PROCQ_SPAWN_KEEP, PROCQ_SPAWN_GROUP, PROCQ_PROCESS_RETURNED */
	char label[PROCQ_LABEL_SIZE];
};

/* procq_process.flags: it was handed back by a dead consumer. */
#define PROCQ_PROCESS_RETURNED 256u

enum procq_event_type {
	PROCQ_EVENT_RETIRED = 1,	/* dead, confirmed */
	PROCQ_EVENT_STALE = 2		/* provably not there any more when it was
				 * taken, and nobody was left to say why */
};

enum procq_cause {
	PROCQ_CAUSE_UNKNOWN = 0,	/* no status came: its parent is stopped or dead */
	PROCQ_CAUSE_EXIT = 1,		/* code: the exit status */
	PROCQ_CAUSE_SIGNAL = 2,	/* code: the signal's number */
	PROCQ_CAUSE_CORE = 3		/* the same, and a core was dumped */
};

/* The end of a process. */
struct procq_event {
	struct procq_process process;
	int64_t ended;		/* ns since the epoch, wall clock */
	int64_t lived;		/* ns from its start to its death */
	int64_t latency;	/* ns from the first signal to the confirmed
				 * death, -1: none was sent */
	int64_t user;		/* ns of processor time, -1: unknown */
	int64_t sys;		/* the same, in the kernel */
	int64_t maxrss;		/* KiB, the peak; -1: unknown */
	uint32_t type;		/* an enum procq_event_type */
	uint32_t cause;		/* an enum procq_cause */
	int32_t code;
	int32_t signal;		/* the last signal that was sent, 0: none */
	int32_t step;		/* how many different steps were taken, 0: it
				 * died by itself */
	uint32_t reserved;
};

/* What procq_wait() waits for. */
#define PROCQ_WAIT_ROOM 1u		/* a free record */
#define PROCQ_WAIT_READY 2u		/* a process to take */
#define PROCQ_WAIT_DEATH 4u		/* something for procq_collect() */
#define PROCQ_WAIT_CHILD 8u		/* something for procq_reap() */
#define PROCQ_WAIT_EXITS 16u		/* the one whose turn is next, or perhaps
				 * another in the queue, has exited */

/* Counters and states, summed over the queue. The sums are exact whenever
 * nobody is in the middle of a step: started = retired + exited + lost +
 * present. */
struct procq_stat {
	uint64_t started;	/* processes that entered */
	uint64_t retired;	/* … were ended by a participant */
	uint64_t exited;	/* … ended by themselves and were told */
	uint64_t lost;		/* … were gone with nobody to say why */
	uint64_t returned;	/* times a dead consumer's were handed back */
	uint64_t swept;		/* dead participants that were swept */
	uint64_t states[6];	/* records per enum procq_state */
	uint64_t present;	/* queued, taken and exited records */
	uint64_t entered;	/* the highest seq given */
	uint64_t bytes;		/* of the shared object */
	int64_t created;	/* ns since the epoch, wall clock */
	uint32_t capacity;
	uint32_t producers;	/* attached and alive */
	uint32_t consumers;
	uint32_t keepers;
	uint32_t dead;		/* participants that await the sweep */
	uint32_t waiting_room;	/* participants that wait for room */
	uint32_t waiting_ready;	/* … for a process */
	uint32_t closed;	/* 1: producers get no room */
};

/* What procq_check() found and did. */
struct procq_report {
	uint64_t swept;		/* dead participants swept by this call */
	uint64_t returned;	/* records it handed back */
	uint64_t freed;		/* reservations of the dead it freed */
	uint64_t hints;		/* missing ring entries it put in again */
	uint64_t faults;	/* violations that can't be repaired */
	char first[120];	/* the first of these, in words */
};

/* One queue on this machine. */
struct procq_found {
	char object[PROCQ_NAME_SIZE]; /* with its leading slash */
	uid_t uid;
	mode_t mode;
};

/**
 * Read the clock of deadlines: monotonic, ns. Async-signal-safe.
 * @since 0.1
 */
PROCQ_API int64_t procq_now(void);

/**
 * Say what a negative return value means, in procq's terms.
 * @param err a return value of this library
 * @return a static string; never NULL
 * @since 0.1
 */
PROCQ_API const char *procq_strerror(int err);

/**
 * Work out the name of a queue's shared object: /procq.UID.NAME for a NAME
 * without a slash, NAME itself if it begins with one.
 * @param name of the queue
 * @param object room for PROCQ_NAME_SIZE bytes
 * @retval 0
 * @retval -EINVAL empty, or a slash that is not the first character
 * @retval -ENAMETOOLONG longer than the system allows
 * @since 0.1
 */
PROCQ_API int procq_object_name(const char *name, char *object);

/**
 * Join a queue; create it, or set it up anew after a creator that died, where
 * needed. Blocks only while another process is setting it up, up to
 * options->deadline.
 *
 * A queue named without a slash must belong to the caller's effective user.
 *
 * @param out the handle; end it with procq_close()
 * @param name as for procq_object_name()
 * @param options role and so on
 * @retval 0
 * @retval -EINVAL, -ENAMETOOLONG the name, or an option out of range
 * @retval -ENOENT there is no such queue, and it was not to be created
 * @retval -EACCES its permissions keep the caller out
 * @retval -EPERM it belongs to another user (options->found: the uid)
 * @retval -EEXIST it has another capacity (options->found)
 * @retval -ENODEV it is not a regular shared memory object
 * @retval -EBADMSG it is not a queue, or damaged
 * @retval -EPROTONOSUPPORT a queue of another version or machine type
 *         (options->found: its layout version)
 * @retval -EXDEV a queue of another PID namespace
 * @retval -ENOTSUP there is no /proc to see the PID namespace in (Linux)
 * @retval -ESTALE a queue of an earlier boot
 * @retval -EUSERS all PROCQ_PARTICIPANTS_MAX places are taken
 * @retval -ENOSPC, -ENOMEM, -EMFILE, -ENFILE too little of something
 * @retval -ETIMEDOUT the deadline came; options->found: the pid of the
 *         process that is setting the queue up
 * @since 0.1
 */
PROCQ_API int procq_open(struct procq **out, const char *name,
			 struct procq_options *options);

/**
 * Leave the queue. Records that this participant had taken go back into the
 * queue. Processes it started stay what they are: alive in the queue, and
 * children of this process; one that wants none left waits until
 * procq_children() is 0 first. One that has not yet entered ends itself: who
 * leaves processes behind starts them with PROCQ_SPAWN_ENTERED. The last to leave
 * an empty queue removes it. Before Linux 6.9, who leaves processes behind is
 * kept for 30 ms, so that they can be told from others later.
 * @param q a handle, or NULL
 * @retval 0, or 1: the queue was removed
 * @since 0.1
 */
PROCQ_API int procq_close(struct procq *q);

/** The object's name, with its leading slash. @since 0.1 */
PROCQ_API const char *procq_object(const struct procq *q);
/** The capacity. @since 0.1 */
PROCQ_API uint32_t procq_capacity(const struct procq *q);
/** How many records are not free at the moment: processes being started, in
 * the queue, or being ended. At once, whatever the capacity; may be off while
 * others are in the middle of a step or die. @since 0.1 */
PROCQ_API uint32_t procq_occupied(const struct procq *q);
/** The incarnation number of this participant. @since 0.1 */
PROCQ_API uint64_t procq_incarnation(const struct procq *q);

/**
 * Start a process, which enters itself into the queue before it does anything
 * else. Never blocks for room; with PROCQ_SPAWN_ENTERED, or a command, until the
 * process has entered (and executes the command). Where the system has a
 * death signal, it comes when the thread that called this ends: let a thread
 * spawn that lives as long as the processes may.
 *
 * @param q a producer's handle
 * @param command what to start, NULL: an idle process
 * @param out its description, may be NULL. Without PROCQ_SPAWN_ENTERED, seq and
 *        queued may still be 0
 * @retval 0
 * @retval -EAGAIN the queue is full: wait for PROCQ_WAIT_ROOM
 * @retval -ESHUTDOWN the queue is closed to producers
 * @retval -EINVAL the command; or a method it can't be started with
 * @retval -ENOSYS this method is not available here
 * @retval -ENOTSUP a sandbox forbids the death signal: only with PROCQ_SPAWN_KEEP
 * @retval -ECHILD SIGCHLD is ignored, so how a process ended can't be told; or
 *         the handle is another process's
 * @retval -ENOENT, -EACCES, -E2BIG, … the command can't be executed. Either
 *         nothing was started, and out->pid is 0; or a process was, has
 *         entered, and exited with 127 or 126
 * @retval -ECANCELED with PROCQ_SPAWN_ENTERED: it was killed before it had entered
 * @retval -EUSERS the system has no process to spare (EAGAIN of fork)
 * @retval -ENOMEM the system has no memory to spare
 * @since 0.1
 */
PROCQ_API int procq_spawn(struct procq *q, const struct procq_command *command,
			  struct procq_process *out);

/**
 * Wait until a process that procq_spawn() started without PROCQ_SPAWN_ENTERED has
 * entered, and describe it. To be called before it can have been reaped.
 * @param process what procq_spawn() described: slot and pid are read
 * @retval 0 it has; or has not for a second, being stopped: then seq is 0
 * @retval -ECANCELED it was killed before it had entered
 * @retval -ESRCH no unreaped process of this handle
 * @since 0.1
 */
PROCQ_API int procq_entered(struct procq *q, struct procq_process *process);

/**
 * Read the present description of a process that this handle started.
 * @param slot where it is
 * @retval 0, or -ESRCH: it is not there any more
 * @since 0.1
 */
PROCQ_API int procq_child(const struct procq *q, uint32_t slot,
			  struct procq_process *out);

/** How many processes of this handle are not yet reaped. @since 0.1 */
PROCQ_API uint32_t procq_children(const struct procq *q);

/**
 * Look for processes of this handle that have died: enter their status into
 * their records, then reap them. Never blocks. With more than a thousand
 * alive it may put the look off by a few milliseconds, and procq_wait() then
 * returns in time for it. Also sends what consumers asked for that only a
 * parent can. A producer calls it whenever procq_wait() returns, after SIGCHLD,
 * and at least every PROCQ_PATIENCE. Who has a handler of SIGCHLD that calls
 * procq_wake() is told of deaths at once.
 * @return how many were reaped
 * @since 0.1
 */
PROCQ_API int procq_reap(struct procq *q);

/**
 * The same for one process, with its end: what procq_collect() tells a
 * consumer, but for the consumer's part (signal, step, latency).
 * @retval 1 *out tells it
 * @retval 0 none has died
 * @since 0.1
 */
PROCQ_API int procq_reap_one(struct procq *q, struct procq_event *out);

/**
 * Look at the process whose turn is next.
 * @retval 0
 * @retval -EAGAIN there is none
 * @since 0.1
 */
PROCQ_API int procq_peek(struct procq *q, struct procq_process *out);

/**
 * Take the process whose turn is next; from now on it is this participant's
 * to end. It is pinned first, so that no signal can reach another.
 * @param only take it only if it is this one (from procq_peek()), or NULL
 * @param out its description; out->slot names it from now on
 * @retval 0
 * @retval -EAGAIN there is none, or not this one
 * @retval -EMFILE, -ENFILE, -ENOMEM no descriptor or memory for the pin; it
 *         stays in the queue
 * @since 0.1
 */
PROCQ_API int procq_take(struct procq *q, const struct procq_process *only,
			 struct procq_process *out);

/**
 * Take a process that this handle started, wherever it stands in the queue.
 * @retval 0
 * @retval -EAGAIN none is left that nobody has taken
 * @since 0.1
 */
PROCQ_API int procq_take_own(struct procq *q, struct procq_process *out);

/**
 * Take a process that has exited by itself, wherever it stands.
 * @retval 0
 * @retval -EAGAIN there is none
 * @since 0.1
 */
PROCQ_API int procq_take_exited(struct procq *q, struct procq_process *out);

/**
 * Send a signal to a taken process, or to its process group if it leads one.
 * @param slot from procq_take()
 * @param signo 1 to SIGRTMAX
 * @param alone 1: only the process, never its group
 * @retval 0 sent
 * @retval 1 its parent was asked to send it, and SIGCONT after it, which a
 * stopped process needs to end; so to ask for that, too, does nothing
 * @retval -ESRCH it is dead already, or is not taken by this handle
 * @retval -EPERM the system does not let this user signal it
 * @retval -ENOTSUP nothing here proves that it is still the same process
 * @retval -EINVAL no such signal
 * @since 0.1
 */
PROCQ_API int procq_signal(struct procq *q, uint32_t slot, int signo,
			   int alone);

/**
 * Collect the next taken process whose death is confirmed, and free its
 * record. Never blocks. The death of a process that died by itself is
 * collected in the same way.
 * @retval 1 *out tells it
 * @retval 0 none
 * @since 0.1
 */
PROCQ_API int procq_collect(struct procq *q, struct procq_event *out);

/** How many taken processes await their confirmed death. @since 0.1 */
PROCQ_API uint32_t procq_in_flight(const struct procq *q);

/**
 * Put a taken process back into the queue, behind all others.
 * @retval 0, or -ESRCH: this handle has not taken it
 * @since 0.1
 */
PROCQ_API int procq_give_back(struct procq *q, uint32_t slot);

/**
 * Sleep until something may have come of what is wanted, a signal handler
 * ran, procq_wake() was called, or the deadline. May return early: look
 * again. Looks for dead participants, and sweeps after them, when it waits
 * in vain. Before it sleeps it lets others run (sched_yield()) for up to 50 us,
 * unless another participant does that for the same, or the wait before was in
 * vain and nobody was signalled since. Who is back from a wait for PROCQ_WAIT_ROOM or
 * PROCQ_WAIT_READY had better start, take, wait or close soon: others may sleep until
 * then, PROCQ_PATIENCE at most, for what it has left them.
 * @param what a set of PROCQ_WAIT_ROOM, PROCQ_WAIT_READY, …; 0: just sleep
 * @param deadline a reading of procq_now()
 * @retval 0 look again
 * @retval -ETIMEDOUT the deadline came
 * @retval -EINTR a signal handler ran
 * @since 0.1
 */
PROCQ_API int procq_wait(struct procq *q, unsigned what, int64_t deadline);

/**
 * Make a procq_wait() of this handle return. Async-signal-safe; may be called
 * from any thread of the process.
 * @since 0.1
 */
PROCQ_API void procq_wake(struct procq *q);

/**
 * Is the queue finished: closed, or no producer attached, and no process in it
 * but those that this participant has taken? A producer that was just starting
 * one when it was closed may still enter that.
 * @retval 1, or 0
 * @since 0.1
 */
PROCQ_API int procq_drained(struct procq *q);

/**
 * Close the queue to producers, or open it again. A handle of any role but
 * PROCQ_ROLE_ONLOOKER.
 * @retval 0
 * @since 0.1
 */
PROCQ_API int procq_set_closed(struct procq *q, int closed);

/**
 * Is it closed? Any role.
 * @retval 1, or 0
 * @since 0.1
 */
PROCQ_API int procq_closed(const struct procq *q);

/**
 * Read the counters. Any role.
 * @retval 0
 * @since 0.1
 */
PROCQ_API int procq_stat(const struct procq *q, struct procq_stat *out);

/**
 * Read the processes in the queue, in the order of entry. Any role.
 * @param out room for max descriptions
 * @return how many there are; only the first max are written
 * @retval -ENOMEM
 * @since 0.1
 */
PROCQ_API int procq_snapshot(const struct procq *q, struct procq_process *out,
			     uint32_t max);

/**
 * Sweep after every dead participant, put missing ring entries back, and
 * verify every invariant that can be seen in the object.
 * @retval 0 out->faults tells whether all is well
 * @retval -EINVAL for an onlooker
 * @retval -ENOMEM
 * @since 0.1
 */
PROCQ_API int procq_check(struct procq *q, struct procq_report *out);

/**
 * Remove an empty queue that nobody else uses. When it is gone, the handle is
 * an onlooker's, and still to be closed.
 * @retval 0
 * @retval 1 it is gone already: another that left at this moment has removed
 *         it, or somebody by hand
 * @retval -EBUSY it has processes in it, or other participants
 * @retval -EUSERS the same, and its place has been taken by one of these: the
 *         handle is an onlooker's from now on
 * @retval -EINPROGRESS another has been about to remove it for a second, and
 *         is stopped, perhaps: the handle is an onlooker's from now on
 * @retval -ENOLCK, -EIO, … what kept the system from it
 * @since 0.1
 */
PROCQ_API int procq_remove(struct procq *q);

/**
 * Find the queues on this machine.
 * @param visit is called with each; ends the search by returning not 0
 * @param arg is handed to it
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
