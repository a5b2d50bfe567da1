/* SPDX-License-Identifier: LGPL-3.0-or-later */
/*
 * roster.c - the public function that names the participants of a queue. Must
 * change nothing.
 */
#include <config.h>

#include "handle.h"
#include "member.h"

/* One place of the table. Returns false if nobody sits there. */
static bool describe(struct pq_segment *seg, unsigned place,
		     struct procq_participant *out)
{
	const struct pq_participant *p = &seg->participants[place];
	uint64_t member, again;
	bool dead;

	do {
		dead = pq_member_dead(seg, place, &member);
		if (!member)
			return false;
		*out = (struct procq_participant){
			.incarnation = pq_member_incarnation(member),
			.role = pq_member_role(member),
			.pid = atomic_load_explicit(&p->pid,
						    memory_order_relaxed),
			.wants = dead ? 0 : atomic_load(&p->wants),
			.dead = dead
		};
		/* If another one sits there now, what was read may be its. */
		again = atomic_load(&p->member);
	} while (again != member);
	return true;
}

int procq_participants(const struct procq *q, struct procq_participant *out,
		       uint32_t max)
{
	struct procq_participant one;
	uint32_t n = 0;

	for (unsigned i = 0; i < PROCQ_PARTICIPANTS_MAX; i++) {
		if (!describe(q->seg, i, &one))
			continue;
		if (n < max)
			out[n] = one;
		n++;
	}
	return (int)n;
}
