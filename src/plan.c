/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plan.c - how processes are to be ended, as the user says it; see plan.h.
 *
 * Must not send a signal.
 */
#include <config.h>

#include <signal.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "plan.h"
#include "signame.h"

#define KILL_AFTER (5 * NS_PER_S)
/* A death takes a moment, whatever the user said. If the parent is stopped and
 * so does not report it, the library does after a second. */
#define LEAST_LAST_WAIT (2 * NS_PER_S)

static void add_step(struct escalation *steps, int signo, int64_t wait)
{
	steps->steps[steps->count].signo = signo;
	steps->steps[steps->count].wait = wait;
	steps->count++;
}

void escalation_simple(struct escalation *steps, int signo, int64_t kill_after)
{
	int64_t last = kill_after > LEAST_LAST_WAIT ? kill_after
						    : LEAST_LAST_WAIT;

	steps->count = 0;
	if (signo == SIGKILL) {
		add_step(steps, signo, last);
		return;
	}
	if (kill_after == 0) {
		add_step(steps, signo, PROCQ_FOREVER);
		return;
	}
	add_step(steps, signo, kill_after);
	add_step(steps, SIGKILL, last);
}

const char *escalation_parse(struct escalation *steps, const char *text,
			     int64_t last_wait)
{
	char word[SIGNAME_SIZE];

	steps->count = 0;
	for (;;) {
		size_t len = strcspn(text, ",");
		const char *why;
		int signo;

		if (steps->count == ESCALATION_STEPS)
			return N_("too many steps");
		if (len == 0 || len >= sizeof(word))
			return N_("a signal is expected");
		memcpy(word, text, len);
		word[len] = '\0';
		signo = signame_parse(word);
		if (signo < 0)
			return N_("no such signal");
		add_step(steps, signo,
			 signo == SIGKILL ? last_wait : PROCQ_FOREVER);
		text += len;
		if (*text++ == '\0')
			return NULL;
		len = strcspn(text, ",");
		why = duration_parse_part(text, len,
					  &steps->steps[steps->count - 1].wait);
		if (why)
			return why;
		text += len;
		if (*text++ == '\0')
			return NULL;
	}
}

/* ---- options ---- */

void plan_init(struct plan *plan)
{
	*plan = (struct plan){ .signo = SIGTERM, .kill_after = KILL_AFTER };
}

bool plan_option(struct plan *plan, int option, const char *arg)
{
	static const char *const modes[] = { "group", "mixed", "process",
					     NULL };

	switch (option) {
	case 's':
		plan->signo = option_signal("signal", arg);
		plan->step_given = true;
		return true;
	case 'k':
		plan->kill_after = option_duration("kill-after", arg);
		plan->step_given = true;
		return true;
	case OPT_TERM_SEQ:
		plan->sequence = arg;
		return true;
	case OPT_KILL_MODE:
		plan->mode = (enum kill_mode)option_word("kill-mode", arg,
							 modes);
		plan->mode_given = true;
		return true;
	default:
		return false;
	}
}

bool plan_is_given(const struct plan *plan)
{
	return plan->step_given || plan->sequence || plan->mode_given;
}

/* Does a group get KILL in its turn? */
static bool has_kill(const struct escalation *steps)
{
	for (int i = 0; i < steps->count; i++)
		if (steps->steps[i].signo == SIGKILL)
			return true;
	return false;
}

void plan_settle(struct plan *plan)
{
	const char *why;

	if (!plan->sequence) {
		escalation_simple(&plan->steps, plan->signo, plan->kill_after);
	} else if (plan->step_given) {
		usage_error(_("--term-seq excludes --signal and"
			      " --kill-after"));
	} else {
		why = escalation_parse(&plan->steps, plan->sequence,
				       KILL_AFTER);
		if (why)
			usage_error(_("invalid argument '%s' for --%s: %s"),
				    plan->sequence, "term-seq", _(why));
	}
	if (plan->mode == KILL_MODE_MIXED && !has_kill(&plan->steps))
		usage_error(_("--kill-mode=mixed needs KILL among the signals:"
			      " without it, only the commands would get any"
			      " (that is --kill-mode=process)"));
}
