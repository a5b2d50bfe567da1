/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.c - the figures of a whole run, in bounded memory.
 *
 * Must not grow with the number of processes, and must not print.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procq.h"

#include "summary.h"

static size_t signal_index(int32_t code)
{
	return code > 0 && code < SUMMARY_SIGNALS ? (size_t)code : 0;
}

void summary_count(struct summary *s, const struct procq_event *e)
{
	if (e->type == PROCQ_EVENT_STALE) {
		s->stale++;
		return;
	}
	s->retired++;
	switch ((enum procq_cause)e->cause) {
	case PROCQ_CAUSE_EXIT:
		s->exits[(uint32_t)e->code & 255]++;
		break;
	case PROCQ_CAUSE_SIGNAL:
		s->signals[signal_index(e->code)]++;
		break;
	case PROCQ_CAUSE_CORE:
		s->cores[signal_index(e->code)]++;
		break;
	case PROCQ_CAUSE_UNKNOWN:
	default:
		s->unknown++;
		break;
	}
}

void summary_add(struct summary *s, const struct procq_event *e,
		 enum ended_by by)
{
	summary_count(s, e);
	if (e->type == PROCQ_EVENT_STALE)
		return;
	s->self += by == ENDED_BY_SELF;
	s->other += by == ENDED_BY_OTHER;
	if (e->lived >= 0)
		histogram_add(&s->lived, e->lived);
	if (e->latency >= 0)
		histogram_add(&s->latency, e->latency);
}

char *rate_text(uint64_t count, int64_t ns, char buf[32])
{
	double rate = ns > 0 ? (double)count * 1e9 / (double)ns : 0;
	uint64_t hundredths = (uint64_t)(rate * 100 + 0.5);

	if (rate >= 100)
		snprintf(buf, 32, "%" PRIu64 "/s", (uint64_t)(rate + 0.5));
	else
		snprintf(buf, 32, "%" PRIu64 ".%02d/s", hundredths / 100,
			 (int)(hundredths % 100));
	return buf;
}
