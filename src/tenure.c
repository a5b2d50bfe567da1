/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tenure.c - what a run does about the lease of its queue; see tenure.h. */
#include <config.h>

#include <string.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "json.h"
#include "run.h"
#include "tenure.h"

static const char *const policies[] = {
	[PROCQ_POLICY_NONE] = "none",
	[PROCQ_POLICY_KEEP] = "keep",
	[PROCQ_POLICY_END] = "end",
	[PROCQ_POLICY_CONTINUE] = "continue",
};

#define POLICIES (sizeof(policies) / sizeof(*policies))

const char *tenure_policy(uint32_t policy)
{
	return policy < POLICIES ? policies[policy] : "unknown";
}

uint32_t tenure_policy_named(const char *name)
{
	for (uint32_t i = PROCQ_POLICY_KEEP; i < POLICIES; i++)
		if (strcmp(policies[i], name) == 0)
			return i;
	return PROCQ_POLICY_NONE;
}

static void say(const struct run *r, const struct procq_lease *l)
{
	if (!r->verbose)
		return;
	if (!l->over)
		complain(_("queue '%s': its lease is renewed"), r->queue);
	else if (l->policy == PROCQ_POLICY_END)
		complain(_("queue '%s': its lease is over, so its processes "
			   "are ended"), r->queue);
	else if (l->policy == PROCQ_POLICY_KEEP)
		complain(_("queue '%s': its lease is over, so nothing is "
			   "started"), r->queue);
	else
		complain(_("queue '%s': its lease is over, but it goes on"),
			 r->queue);
}

/* The name comes from the engine of a fleet, and goes to a terminal. */
static void make_safe(char *name)
{
	unsigned char *s = (unsigned char *)name;

	while (*s) {
		size_t n = utf8_length(s);

		if (n == 0 || *s < 0x20 || *s == 0x7f)
			*s = '?';
		s += n > 0 ? n : 1;
	}
}

/* What was fenced before this run began is none of its business. */
static void look_at_fence(struct run *r, struct procq_lease *l)
{
	bool news = r->fence_known && l->fenced && l->fenced != r->fence;

	r->fence_known = true;
	if (l->fenced)
		r->fence = l->fenced;
	if (!news)
		return;
	make_safe(l->fenced_by);
	r->fenced = true;
	complain(_("queue '%s': its slots were taken back by '%s'"), r->queue,
		 l->fenced_by);
	run_written(r, output_fenced(&r->out, l->fenced_by));
}

bool tenure_look(struct run *r)
{
	struct procq_lease l;

	if (procq_lease(r->q, &l) < 0)
		return false;
	look_at_fence(r, &l);
	if (r->cut_off != (l.over != 0)) {
		r->cut_off = l.over != 0;
		say(r, &l);
		run_written(r, output_lease(&r->out, r->cut_off,
					    tenure_policy(l.policy)));
	}
	r->starts_nothing = l.over && l.policy != PROCQ_POLICY_CONTINUE;
	r->ends_all = l.over && l.policy == PROCQ_POLICY_END;
	/* Until those are dead that it has begun to end because of that. */
	r->by_lease |= r->ends_all;
	return r->ends_all;
}
