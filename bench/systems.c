/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * systems.c - what hands over records without a library that may be missing:
 * procq, and what every system has; see systems.h. It measures nothing.
 *
 * It uses the rooms of the library, for procq's public functions hand over
 * nothing but processes. A record is counted for its whole life: reserved,
 * filled in and entered; taken and released. No system reads a clock: the
 * times of a process are read by who starts it, in bench/churn.
 */
#include <config.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <unistd.h>

#include "backoff.h"
#include "handle.h"
#include "mapping.h"
#include "record.h"
#include "sweep.h"
#include "systems.h"
#include "take.h"

char bench_object[64];

/* ---- procq ---- */

static struct procq *queue;
static struct { uint32_t slot; uint64_t word; } taken;

static bool procq_make(const char *object, unsigned capacity)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = PROCQ_ROLE_KEEPER;
	o.capacity = capacity;
	return procq_open(&queue, object, &o) == 0;
}

static void procq_join(bool producer)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;

	o.role = producer ? PROCQ_ROLE_PRODUCER : PROCQ_ROLE_CONSUMER;
	if (procq_open(&queue, bench_object, &o) < 0)
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
		procq_wait(queue, PROCQ_WAIT_ROOM, PROCQ_FOREVER);
	pq_record_enter(seg, (uint32_t)slot, word, &entry, &seq);
}

/* What pq_take() does, but for the pin: there is no process. */
static void procq_get(struct record *record)
{
	struct pq_segment *seg = queue->seg;
	struct pq_hint hint;
	struct pq_snapshot view;
	uint64_t word, to, label[2];
	unsigned turns = 0;

	for (;;) {
		if (pq_take_next(queue, &hint, &word) < 0) {
			procq_wait(queue, PROCQ_WAIT_READY, PROCQ_FOREVER);
			continue;
		}
		pq_record_snapshot(seg, hint.index, word, &view);
		to = pq_word_take(word, queue->place + 1);
		if (pq_record_move(seg, hint.index, &word, to))
			break;
		pq_back_off(&turns);
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
			  PQ_TALLY_RETIRED, true);
}

static void procq_leave(void)
{
	procq_close(queue);
}

/* Its last user removes a queue that is empty; and a lock file beside it,
 * where there is one. */
static void procq_unmake(const char *object)
{
	struct record record;
	struct pq_hint hint;
	uint64_t word;

	pq_sweep_dead(queue->seg, NULL);
	while (pq_take_next(queue, &hint, &word) == 0) {
		procq_get(&record);
		procq_done();
	}
	procq_close(queue);
	shm_unlink(object);
}

/* Of 128 bytes the 16 of the label are free for others' words. */
static const struct transport procq_transport = {
	.name = "procq", .make = procq_make, .join = procq_join,
	.put = procq_put, .get = procq_get, .done = procq_done,
	.leave = procq_leave, .remove = procq_unmake, .words = 2,
};

/* ---- POSIX and System V message queues, a pipe ---- */

/* All that others than root may have, unless the administrator says more. */
#define MQ_FEW 10

static mqd_t mq;

static bool mq_make_of(const char *object, unsigned capacity)
{
	struct mq_attr attr = { .mq_maxmsg = capacity,
				.mq_msgsize = sizeof(struct record) };

	mq = mq_open(object, O_CREAT | O_RDWR | O_EXCL, 0600, &attr);
	return mq != (mqd_t)-1;
}

static bool mq_make(const char *object, unsigned capacity)
{
	return mq_make_of(object, capacity) || mq_make_of(object, MQ_FEW);
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

/* Its name says how many places it has, if not as many as the others. */
static struct transport mq_transport = {
	.name = "POSIX message queue", .make = mq_make, .put = mq_put,
	.get = mq_get, .remove = mq_remove,
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
	.name = "System V message queue", .make = sysv_make, .put = sysv_put,
	.get = sysv_get, .remove = sysv_remove,
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
	.name = "pipe", .make = pipe_make, .put = pipe_put, .get = pipe_get,
	.remove = pipe_remove,
};

/* ---- bounded buffers in shared memory ---- */

static struct buffer {
	sem_t empty, full, mutex;
	pthread_mutex_t robust;
	pthread_cond_t room, arrival;
	unsigned head, tail;
	struct record records[CAPACITY];
} *buffer;

static bool buffer_make(const char *object, unsigned capacity)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;

	(void)object;
	buffer = mapping_make(sizeof(*buffer));
	if (!buffer || capacity != CAPACITY)
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
	.name = "three semaphores, as in textbooks", .make = buffer_make,
	.put = semaphores_put, .get = semaphores_get, .remove = mapping_remove,
};

/* Whoever dies with the mutex leaves nothing to mend: how many there are is
 * told by head and tail alone, each is moved by one store, and the record is
 * copied before. A death comes between two instructions, so the compiler must
 * not reorder them. */
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
	while (buffer->tail - buffer->head == CAPACITY)
		wait_robust(&buffer->room);
	buffer->records[buffer->tail % CAPACITY] = *record;
	atomic_signal_fence(memory_order_seq_cst);
	buffer->tail++;
	pthread_cond_signal(&buffer->arrival);
	pthread_mutex_unlock(&buffer->robust);
}

static void robust_get(struct record *record)
{
	lock_robust();
	while (buffer->tail == buffer->head)
		wait_robust(&buffer->arrival);
	*record = buffer->records[buffer->head % CAPACITY];
	atomic_signal_fence(memory_order_seq_cst);
	buffer->head++;
	pthread_cond_signal(&buffer->room);
	pthread_mutex_unlock(&buffer->robust);
}

static const struct transport robust_transport = {
	.name = "robust mutex and conditions", .make = buffer_make,
	.put = robust_put, .get = robust_get, .remove = mapping_remove,
};

/* ---- all of them ---- */

const struct transport *systems[SYSTEMS_MAX] = {
	&procq_transport, &mq_transport, &sysv_transport, &pipe_transport,
	&semaphores_transport, &robust_transport,
};
size_t system_count = 6;

static void name_mq(void)
{
	static char text[64];

	if (mq_make_of(bench_object, CAPACITY)) {
		mq_remove(bench_object);
		return;
	}
	snprintf(text, sizeof(text), "%s (%d places)", mq_transport.name,
		 MQ_FEW);
	mq_transport.name = text;
}

static void load(const char *file)
{
	void *module = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	const struct transport *t = module ? dlsym(module, "peer") : NULL;

	if (!t) {
		printf("%s: skipped: %s\n", file, dlerror());
		return;
	}
	if (system_count < SYSTEMS_MAX)
		systems[system_count++] = t;
}

void systems_begin(const char *object, char **modules, int count)
{
	snprintf(bench_object, sizeof(bench_object), "%s", object);
	name_mq();
	for (int i = 0; i < count; i++)
		load(modules[i]);
}
