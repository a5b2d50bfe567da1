/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sky.h - what the processes of a storm over a fleet share: the driver
 * (storm.c), a first process on each host (host.c), the oracle (oracle.c).
 *
 * Written by the one that is named, read by the driver. All are counters or
 * flags that stand for nothing else, so sequential consistency, which C's
 * atomics have by default, is enough and costs nothing that matters here.
 */
#ifndef SKY_H
#define SKY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOSTS_MAX 16

enum kind {
	KIND_HELPER,		/* SIGKILL to the helper of a host */
	KIND_PRODUCER,		/* to a producer */
	KIND_CONSUMER,		/* to the consumer */
	KIND_PARTIES,		/* to all of these at once */
	KIND_STOP,		/* SIGSTOP to one of them */
	KIND_LOST,		/* the host: all that runs there, and what it had
				 * in memory; then it boots */
	KIND_CUT,		/* the network, in both directions */
	KIND_ONE_WAY,		/* in one of them */
	KIND_SLOW,		/* late and lost packets */
	KIND_HOLD,		/* packets of the present connections are held
				 * back, those of new ones pass */
	KIND_FREEZE,		/* all participants of a host are stopped */
	KINDS
};

enum phase { PHASE_CALM, PHASE_STORM, PHASE_END };

/* A host's last word. */
struct farewell {
	_Atomic bool said;
	uint64_t started;	/* as its queue has counted */
	char trouble[200];	/* "": nothing */
};

struct sky {
	/* the driver's */
	_Atomic int phase;
	_Atomic unsigned life[HOSTS_MAX];	/* which boot it is */
	_Atomic unsigned demand;	/* of host 0: its local limit; 0: any */
	_Atomic bool slay;		/* its helper is to be killed; until it
					 * is, by the host */
	/* the hosts' and the driver's */
	_Atomic uint64_t faults[KINDS];
	struct farewell farewell[HOSTS_MAX];
	/* the oracle's */
	_Atomic uint64_t births, deaths, beyond, most, over_ns;
	_Atomic uint64_t endings, too_early;	/* by SIGTERM; in the gap */
	_Atomic uint64_t born[HOSTS_MAX];	/* in this life of the host */
};

/* What a process says of itself: at its birth, and when it is ended. */
struct word {
	uint32_t host, life;
	int64_t ended;		/* CLOCK_MONOTONIC, ns; 0: it is born */
};

/* What a storm is made of. */
struct course {
	size_t hosts, seconds, seed, limit, pause, lease, gap;
	const char *policy, *folder, *shared, *url, *shim, *only, *worker;
	bool red;		/* a control: the bound must be seen broken */
	bool late;		/* by a request that is worked off late */
};

extern struct course course;
extern struct sky *sky;

struct chance {
	enum kind kind;
	unsigned below;		/* of 100: the odds of it, and of those before */
};

/** Is this kind of fault wanted? */
bool is_wanted(enum kind kind);

#endif
