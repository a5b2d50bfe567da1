/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worlds.c - operations on what is no longer as it was: a queue of a world that
 * has ended, an object without a name, a place that is lost, a process that
 * died with its producer, a request that a parent has to answer.
 * Must not be listed here: the table is in ops.c.
 */
#include <config.h>

#include "hands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "handle.h"
#include "record.h"
#include "sweep.h"

/* ---- another world ---- */

/* A queue of another PID namespace, which nobody holds. */
void prepare_foreign(struct hands *h)
{
	struct procq *q = join(PROCQ_ROLE_KEEPER);
	size_t size = q->seg->size;
	struct pq_header *copy = malloc(size);
	int fd;

	(void)h;
	must(copy != NULL);
	memcpy(copy, q->seg->header, size);
	must(procq_close(q) == 1);
	copy->pid_namespace ^= 1;
	fd = shm_open(object_name, O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0 && write(fd, copy, size) == (ssize_t)size);
	close(fd);
	free(copy);
}

/* ---- no name ---- */

void prepare_nameless(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	must(shm_unlink(object_name) == 0);
	h->consumer->name_looked = procq_now() - 2 * PROCQ_PATIENCE;
}

int run_notice(struct hands *h)
{
	int rc = procq_wait(h->consumer, PROCQ_WAIT_READY,
			    procq_now() + 2 * MS);

	procq_close(h->consumer);
	h->consumer = NULL;
	return rc == -EIDRM ? 0 : rc;
}

/* ---- no place ---- */

/* Its host program has closed the descriptor of its lock byte. */
void prepare_lost(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	take(h);
	must(close(h->consumer->seg->lock_fd) == 0);
}

int run_rejoin(struct hands *h)
{
	int rc = procq_wait(h->consumer, PROCQ_WAIT_EXITS,
			    procq_now() + 2 * MS);

	procq_close(h->consumer);
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	return rc == -ESTALE ? 0 : rc;
}

/* ---- nobody to report it ---- */

/* Its process dies first, and is never marked. */
void dead_with_child(struct hands *h)
{
	dead_parent(h);
	make_zombie(own_child(h));
}

int run_mark_lost(struct hands *h)
{
	pq_sweep_dead(h->consumer->seg, NULL);
	return (int)pq_sweep_lost(h->consumer->seg);
}

/* ---- by the parent ---- */

/* As root in another user's queue: the process is not that user's. */
void prepare_guarded(struct hands *h)
{
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	take(h);
	h->consumer->seg->guarded = true;
	h->consumer->seg->owner = 65534;
}

/* Asked for what ends nothing, so that it is still there afterwards. */
void prepare_asked(struct hands *h)
{
	struct pq_segment *seg;

	dead_parent(h);
	seg = h->producer->seg;
	h->consumer = join(PROCQ_ROLE_CONSUMER);
	take(h);
	pq_record_sent(seg, h->slot, SIGCONT, false);
	must(pq_record_ask(seg, h->slot, pq_load_word(seg, h->slot)));
	atomic_store(&seg->participants[h->producer->place].asked, 1);
}
