/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * fence.c - see fence.h. Must not change the lease, nor a record.
 *
 * The note is text, which is not written at once: so its number is 0 meanwhile.
 * The release fence after that, and the acquire fence before the reader looks
 * at the number again, pair: a reader that has seen any of the new text sees
 * the number changed. The number itself is stored with release and loaded with
 * acquire: with it comes its text. If the writer is killed, it stays 0, and
 * nobody is named, until the next holder is told the same. Two writers have two
 * epochs, and the older one stops at the lease; what they leave is the text of
 * one, or of both mixed, which nothing but a message depends on.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "fence.h"

#define WORDS (PROCQ_FENCER_SIZE / 8)

int pq_fence_note(struct pq_segment *seg, uint64_t epoch, const char *by)
{
	struct pq_header *h = seg->header;
	uint64_t text[WORDS] = { 0 };
	size_t len = strlen(by);

	if (pq_grant_epoch(atomic_load(&h->grant)) > epoch)
		return -ENOTCONN;
	if (atomic_load_explicit(&h->fenced, memory_order_relaxed) ==
	    epoch + 1)
		return 0;
	memcpy(text, by, len < sizeof(text) ? len : sizeof(text) - 1);
	atomic_store_explicit(&h->fenced, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (int i = 0; i < WORDS; i++)
		atomic_store_explicit(&h->fencer[i], text[i],
				      memory_order_relaxed);
	atomic_store_explicit(&h->fenced, epoch + 1, memory_order_release);
	return 0;
}

void pq_fence_read(const struct pq_segment *seg, struct procq_lease *out)
{
	const struct pq_header *h = seg->header;
	uint64_t text[WORDS], fenced;

	fenced = atomic_load_explicit(&h->fenced, memory_order_acquire);
	if (fenced == 0)
		return;
	for (int i = 0; i < WORDS; i++)
		text[i] = atomic_load_explicit(&h->fencer[i],
					       memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&h->fenced, memory_order_relaxed) != fenced)
		return;
	out->fenced = fenced;
	memcpy(out->fenced_by, text, sizeof(text));
	/* Whatever a damaged object has. */
	out->fenced_by[sizeof(out->fenced_by) - 1] = '\0';
}
