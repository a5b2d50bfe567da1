/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * handover.c - what it costs to hand a record of 128 bytes from one process
 * to another: procq's queue, without starting processes, and what one would
 * use instead. And what becomes of each when its users are killed.
 *
 *	handover [-n RECORDS] [-r ROUNDS] [-k KILLS] [-s SYSTEM] [MODULE...]
 *
 * -s: hand RECORDS over within one process by this system alone, for strace.
 * It uses the rooms of the library, for its public functions hand over
 * nothing but processes. A record is counted for its whole life: reserved,
 * filled in and entered; taken and released. No system reads a clock: the
 * times of a process are read by who starts it, in bench/churn.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "handle.h"
#include "record.h"
#include "rounds.h"
#include "take.h"
#include "transport.h"

#define CAPACITY 64
#define WORKERS 4

static char name[64];
static int records = 200000, kills = 200;

/* ---- procq ---- */

static struct procq *queue;
static struct { uint32_t slot; uint64_t word; } taken;

static bool procq_make(const char *object, unsigned capacity)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = PROCQ_KEEPER;
	o.capacity = capacity;
	return procq_open(&queue, object, &o) == 0;
}

static void procq_join(bool producer)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = producer ? PROCQ_PRODUCER : PROCQ_CONSUMER;
	if (procq_open(&queue, name, &o) < 0)
		_exit(3);
}

/* As a child does it, here by the producer itself. The record holds what
 * procq keeps of a process; the id goes where the label is. */
static void procq_put(const struct record *record)
{
	struct pq_origin origin = { .incarnation = queue->incarnation };
	struct pq_entry entry = { .pid = 1, .ident = 1 };
	struct pq_segment *seg = queue->seg;
	uint64_t word, seq;
	int64_t slot;

	memcpy(origin.label, &record->id, sizeof(record->id));
	memcpy(origin.label + 8, &record->sum, sizeof(record->sum));
	while ((slot = pq_record_reserve(seg, queue->place + 1, &origin,
					 &word)) < 0)
		procq_wait(queue, PROCQ_ROOM, PROCQ_FOREVER);
	pq_record_enter(seg, (uint32_t)slot, word, &entry, &seq);
}

/* What pq_take() does, but for the pin: there is no process. */
static void procq_get(struct record *record)
{
	struct pq_segment *seg = queue->seg;
	struct pq_hint hint;
	struct pq_view view;
	uint64_t word, to, label[2];

	for (;;) {
		if (pq_take_next(queue, &hint, &word) < 0) {
			procq_wait(queue, PROCQ_READY, PROCQ_FOREVER);
			continue;
		}
		pq_record_view(seg, hint.index, word, &view);
		to = pq_word_take(word, queue->place + 1);
		if (pq_record_move(seg, hint.index, &word, to))
			break;
	}
	pq_record_order(seg, hint.index, hint.position);
	pq_ring_skip(&seg->ready, &hint);
	for (int i = 0; i < 2; i++)
		label[i] = atomic_load_explicit(
			&seg->records[hint.index].label[i],
			memory_order_relaxed);
	record->id = label[0];
	record->sum = label[1];
	taken.slot = hint.index;
	taken.word = to;
}

static void procq_done(void)
{
	pq_record_release(queue->seg, taken.slot, queue->place, taken.word,
			  PQ_RETIRED, true);
}

static void procq_leave(void)
{
	procq_close(queue);
}

static void procq_unmake(const char *object)
{
	(void)object;
	procq_close(queue);
	shm_unlink(name);
}

static const struct transport procq_transport = {
	"procq", procq_make, procq_join, procq_put, procq_get, procq_done,
	procq_leave, procq_unmake,
};

/* ---- POSIX and System V message queues, a pipe ---- */

static mqd_t mq;

static bool mq_make(const char *object, unsigned capacity)
{
	struct mq_attr attr = { .mq_maxmsg = capacity,
				.mq_msgsize = sizeof(struct record) };

	mq = mq_open(object, O_CREAT | O_RDWR | O_EXCL, 0600, &attr);
	if (mq == (mqd_t)-1) {
		attr.mq_maxmsg = 10;	/* all that others than root may */
		mq = mq_open(object, O_CREAT | O_RDWR | O_EXCL, 0600, &attr);
	}
	return mq != (mqd_t)-1;
}

static void mq_put(const struct record *record)
{
	if (mq_send(mq, (const char *)record, sizeof(*record), 0) < 0)
		_exit(4);
}

static void mq_get(struct record *record)
{
	if (mq_receive(mq, (char *)record, sizeof(*record), NULL) < 0)
		_exit(4);
}

static void mq_remove(const char *object)
{
	mq_close(mq);
	mq_unlink(object);
}

static const struct transport mq_transport = {
	"POSIX message queue", mq_make, NULL, mq_put, mq_get, NULL, NULL,
	mq_remove,
};

static int sysv;

struct sysv_message {
	long type;
	struct record record;
};

static bool sysv_make(const char *object, unsigned capacity)
{
	struct msqid_ds ds;

	(void)object;
	sysv = msgget(IPC_PRIVATE, 0600);
	if (sysv < 0 || msgctl(sysv, IPC_STAT, &ds) < 0)
		return false;
	ds.msg_qbytes = capacity * sizeof(struct record);
	return msgctl(sysv, IPC_SET, &ds) == 0;
}

static void sysv_put(const struct record *record)
{
	struct sysv_message m = { 1, *record };

	if (msgsnd(sysv, &m, sizeof(m.record), 0) < 0)
		_exit(4);
}

static void sysv_get(struct record *record)
{
	struct sysv_message m;

	if (msgrcv(sysv, &m, sizeof(m.record), 0, 0) < 0)
		_exit(4);
	*record = m.record;
}

static void sysv_remove(const char *object)
{
	(void)object;
	msgctl(sysv, IPC_RMID, NULL);
}

static const struct transport sysv_transport = {
	"System V message queue", sysv_make, NULL, sysv_put, sysv_get, NULL,
	NULL, sysv_remove,
};

static int ends[2];

static bool pipe_make(const char *object, unsigned capacity)
{
	(void)object;
	if (pipe(ends) < 0)
		return false;
#if defined F_SETPIPE_SZ
	fcntl(ends[1], F_SETPIPE_SZ, (int)(capacity * sizeof(struct record)));
#else
	(void)capacity;
#endif
	return true;
}

static void pipe_put(const struct record *record)
{
	if (write(ends[1], record, sizeof(*record)) != sizeof(*record))
		_exit(4);
}

static void pipe_get(struct record *record)
{
	if (read(ends[0], record, sizeof(*record)) != sizeof(*record))
		_exit(4);
}

static void pipe_remove(const char *object)
{
	(void)object;
	close(ends[0]);
	close(ends[1]);
}

static const struct transport pipe_transport = {
	"pipe", pipe_make, NULL, pipe_put, pipe_get, NULL, NULL,
	pipe_remove,
};

/* ---- bounded buffers in shared memory ---- */

static struct buffer {
	sem_t empty, full, mutex;
	pthread_mutex_t robust;
	pthread_cond_t room, arrival;
	unsigned head, tail, count;
	struct record records[CAPACITY];
} *buffer;

static bool buffer_make(const char *object, unsigned capacity)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	(void)object;
	buffer = mmap(NULL, sizeof(*buffer), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED || capacity != CAPACITY)
		return false;
	sem_init(&buffer->empty, 1, CAPACITY);
	sem_init(&buffer->full, 1, 0);
	sem_init(&buffer->mutex, 1, 1);
	pthread_mutexattr_init(&mutex);
	pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&buffer->robust, &mutex);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	pthread_cond_init(&buffer->room, &cond);
	pthread_cond_init(&buffer->arrival, &cond);
	return true;
}

static void buffer_remove(const char *object)
{
	(void)object;
	munmap(buffer, sizeof(*buffer));
}

static void semaphores_put(const struct record *record)
{
	sem_wait(&buffer->empty);
	sem_wait(&buffer->mutex);
	buffer->records[buffer->tail++ % CAPACITY] = *record;
	sem_post(&buffer->mutex);
	sem_post(&buffer->full);
}

static void semaphores_get(struct record *record)
{
	sem_wait(&buffer->full);
	sem_wait(&buffer->mutex);
	*record = buffer->records[buffer->head++ % CAPACITY];
	sem_post(&buffer->mutex);
	sem_post(&buffer->empty);
}

static const struct transport semaphores_transport = {
	"three semaphores, as in textbooks", buffer_make, NULL,
	semaphores_put, semaphores_get, NULL, NULL, buffer_remove,
};

/* The count may be off by one record after a death; a careful user would
 * repair it here. */
static void lock_robust(void)
{
	if (pthread_mutex_lock(&buffer->robust) == EOWNERDEAD)
		pthread_mutex_consistent(&buffer->robust);
}

static void wait_robust(pthread_cond_t *cond)
{
	if (pthread_cond_wait(cond, &buffer->robust) == EOWNERDEAD)
		pthread_mutex_consistent(&buffer->robust);
}

static void robust_put(const struct record *record)
{
	lock_robust();
	while (buffer->count == CAPACITY)
		wait_robust(&buffer->room);
	buffer->records[buffer->tail++ % CAPACITY] = *record;
	buffer->count++;
	pthread_cond_signal(&buffer->arrival);
	pthread_mutex_unlock(&buffer->robust);
}

static void robust_get(struct record *record)
{
	lock_robust();
	while (buffer->count == 0)
		wait_robust(&buffer->arrival);
	*record = buffer->records[buffer->head++ % CAPACITY];
	buffer->count--;
	pthread_cond_signal(&buffer->room);
	pthread_mutex_unlock(&buffer->robust);
}

static const struct transport robust_transport = {
	"robust mutex and conditions", buffer_make, NULL, robust_put,
	robust_get, NULL, NULL, buffer_remove,
};

/* ---- records ---- */

static uint64_t sum_of(const struct record *record)
{
	return record->id * UINT64_C(0x9e3779b97f4a7c15) ^ record->filling[3];
}

static void fill(struct record *record, uint64_t id)
{
	record->id = id;
	record->filling[3] = 0;
	record->sum = sum_of(record);
}

static void put_many(const struct transport *t, int n)
{
	struct record record = { 0 };

	for (int i = 0; i < n; i++) {
		fill(&record, (uint64_t)i);
		t->put(&record);
	}
}

static void get_many(const struct transport *t, int n)
{
	struct record record;

	for (int i = 0; i < n; i++) {
		t->get(&record);
		if (t->done)
			t->done();
	}
}

/* ---- cost ---- */

static pid_t start_worker(const struct transport *t, bool producer, int n,
			  const int *gate)
{
	pid_t pid = fork();
	char byte;

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	close(gate[1]);
	if (t->join)
		t->join(producer);
	/* All begin together: when the other end is closed. */
	if (read(gate[0], &byte, 1) < 0)
		_exit(5);
	(producer ? put_many : get_many)(t, n);
	if (t->leave)
		t->leave();
	_exit(0);
}

/* ns per record, c->number producers and as many consumers. */
static double hand_over(const struct contender *c)
{
	const struct transport *t = (const void *)c->arg;
	pid_t pids[WORKERS];
	int pairs = c->number, gate[2];
	double begun;

	if (!t->make(name, CAPACITY))
		return -1;
	if (pipe(gate) < 0)
		bench_die("pipe");
	fflush(stdout);
	for (int i = 0; i < 2 * pairs; i++)
		pids[i] = start_worker(t, i % 2 == 0, records / pairs, gate);
	close(gate[0]);
	usleep(50000);
	begun = bench_now();
	close(gate[1]);
	for (int i = 0; i < 2 * pairs; i++)
		bench_finish(pids[i], t->name);
	begun = bench_now() - begun;
	t->remove(name);
	return begun / (records / pairs * pairs) * 1e9;
}

/* ---- kills ---- */

#define IDS (1u << 24)

static struct ledger {
	_Atomic uint64_t next_id, torn, got;
	/* By id: was it put for certain; how often was it got? */
	_Atomic uint8_t put[IDS], times[IDS];
} *ledger;

static _Noreturn void put_for_ever(const struct transport *t)
{
	struct record record = { 0 };

	for (;;) {
		uint64_t id = atomic_fetch_add(&ledger->next_id, 1);

		if (id >= IDS)
			pause();
		fill(&record, id);
		t->put(&record);
		atomic_store(&ledger->put[id % IDS], 1);
	}
}

static _Noreturn void get_for_ever(const struct transport *t)
{
	struct record record = { 0 };

	for (;;) {
		t->get(&record);
		record.filling[3] = 0;
		if (record.sum != sum_of(&record) || record.id >= IDS)
			atomic_fetch_add(&ledger->torn, 1);
		else
			atomic_fetch_add(&ledger->times[record.id], 1);
		if (t->done)
			t->done();
		atomic_fetch_add(&ledger->got, 1);
	}
}

static pid_t start_victim(const struct transport *t, bool producer)
{
	pid_t pid = fork();

	if (pid < 0)
		bench_die("fork");
	if (pid > 0)
		return pid;
	if (t->join)
		t->join(producer);
	if (producer)
		put_for_ever(t);
	get_for_ever(t);
}

static void end_victim(pid_t pid)
{
	if (pid > 1) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

/* Is a record got within this time? */
static bool goes_on(double seconds)
{
	uint64_t before = atomic_load(&ledger->got);
	double end = bench_now() + seconds;

	while (bench_now() < end) {
		usleep(2000);
		if (atomic_load(&ledger->got) - before > 2 * CAPACITY)
			return true;
	}
	return false;
}

static void tell(const struct transport *t, int killed, bool hung)
{
	uint64_t lost = 0, twice = 0, ids = atomic_load(&ledger->next_id);
	char what[64];

	for (uint64_t i = 0; i < ids && i < IDS; i++) {
		lost += ledger->put[i] && !ledger->times[i];
		twice += ledger->times[i] > 1;
	}
	snprintf(what, sizeof(what), hung ? "hangs after %d" : "none in %d",
		 killed);
	printf("%-38s %-16s %6ju %6ju %6ju\n", t->name, what,
	       (uintmax_t)atomic_load(&ledger->torn), (uintmax_t)lost,
	       (uintmax_t)twice);
	rounds_note("killed in the middle", t->name, "hangs; kills; torn; "
		    "lost; twice", "%s; %d; %ju; %ju; %ju",
		    hung ? "yes" : "no", killed,
		    (uintmax_t)atomic_load(&ledger->torn), (uintmax_t)lost,
		    (uintmax_t)twice);
	fflush(stdout);
}

/* Two producers and two consumers; one of them is killed every few
 * milliseconds, and another started in its place. */
static void kill_them(const struct transport *t)
{
	pid_t pids[WORKERS];
	bool hung = false;
	int killed = 0;

	memset(ledger, 0, sizeof(*ledger));
	if (!t->make(name, CAPACITY))
		return;
	for (int i = 0; i < WORKERS; i++)
		pids[i] = start_victim(t, i % 2 == 0);
	while (!hung && killed < kills) {
		int i = rand() % WORKERS;

		usleep((useconds_t)(1000 + rand() % 4000));
		end_victim(pids[i]);
		killed++;
		pids[i] = start_victim(t, i % 2 == 0);
		hung = !goes_on(3);
	}
	/* No more are put; what is in it is got. */
	end_victim(pids[0]);
	end_victim(pids[2]);
	if (!hung)
		sleep(1);
	end_victim(pids[1]);
	end_victim(pids[3]);
	tell(t, killed, hung);
	t->remove(name);
}

/* ---- all of them ---- */

static const struct transport *transports[16] = {
	&mq_transport, &sysv_transport, &pipe_transport,
	&semaphores_transport, &robust_transport, &procq_transport,
};
static size_t transport_count = 6;

static void add_module(const char *file)
{
	void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	const struct transport *t = module ? dlsym(module, "peer") : NULL;

	if (!t) {
		printf("%s: skipped: %s\n", file, dlerror());
		return;
	}
	if (transport_count < sizeof(transports) / sizeof(*transports))
		transports[transport_count++] = t;
}

static void compare(int pairs)
{
	struct contender all[16];
	char group[64];

	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < transport_count; i++) {
		/* procq first: the others are told as multiples of it. */
		const struct transport *t = transports[(i + 5) %
						       transport_count];

		all[i].name = t->name;
		all[i].run = hand_over;
		all[i].arg = (const void *)t;
		all[i].number = pairs;
	}
	snprintf(group, sizeof(group), "records handed over, %d+%d processes",
		 pairs, pairs);
	rounds_run(group, "ns per record", all, transport_count);
}

static int alone(const char *system)
{
	for (size_t i = 0; i < transport_count; i++) {
		const struct transport *t = transports[i];

		if (strcmp(t->name, system) != 0)
			continue;
		if (!t->make(name, CAPACITY))
			return 1;
		for (int n = 0; n < records; n++) {
			put_many(t, 1);
			get_many(t, 1);
		}
		t->remove(name);
		return 0;
	}
	fprintf(stderr, "handover: no system '%s'\n", system);
	return 2;
}

int main(int argc, char **argv)
{
	const char *system = NULL;
	int option;

	bench_begin();
	while ((option = getopt(argc, argv, "n:r:k:s:")) != -1) {
		if (option == 'n')
			records = bench_number(optarg, 1000000000);
		else if (option == 'r')
			rounds = bench_number(optarg, ROUNDS_MAX);
		else if (option == 'k')
			kills = bench_number(optarg, 100000);
		else if (option == 's')
			system = optarg;
		else
			return 2;
	}
	snprintf(name, sizeof(name), "/procq.bench.%ld", (long)getpid());
	for (int i = optind; i < argc; i++)
		add_module(argv[i]);
	if (system)
		return alone(system);
	compare(1);
	compare(2);
	ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ledger == MAP_FAILED)
		bench_die("mmap");
	printf("\n%-38s %-16s %6s %6s %6s\n", "killed in the middle",
	       "hangs", "torn", "lost", "twice");
	for (size_t i = 0; i < transport_count; i++)
		kill_them(transports[i]);
	return 0;
}
