/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * events.h - a process and its end, of which each member has a value of its
 * own, for tests of what is printed of them.
 */
#ifndef EVENTS_H
#define EVENTS_H

#include <signal.h>
#include <string.h>

#include "procq.h"

/* 2026-11-23T09:15:03.123456Z */
#define STARTED INT64_C(1795425303123456789)

/* A consumer ended it by TERM. */
static void fill_event(struct procq_process *process, struct procq_event *end)
{
	*process = (struct procq_process){
		.seq = 17, .ino = 4711, .producer = 3, .started = STARTED,
		.queued = STARTED + 150000, .age = INT64_C(1500000000),
		.pid = 4243, .ppid = 4240, .slot = 6, .label = "sleep",
	};
	*end = (struct procq_event){
		.process = *process, .ended = STARTED + INT64_C(2023000000),
		.lived = INT64_C(2023000000), .latency = 112999,
		.user = 1000000, .sys = 2000000, .maxrss = 820,
		.type = PROCQ_EVENT_RETIRED, .cause = PROCQ_CAUSE_SIGNAL,
		.code = SIGTERM, .signal = SIGTERM, .step = 1,
	};
	end->process.consumer = 5;
	end->process.age = INT64_C(2023000000);
}

#endif
