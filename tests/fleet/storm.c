/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * storm.c - a storm over a fleet. On each host, which is a set of namespaces,
 * two producers and a consumer work at a queue of the fleet's; they, and their
 * helper, are killed and stopped all the time. The network is cut, also in one
 * direction, it is slow and loses packets, or delivers seconds later; hosts are
 * lost, and boot; the server is killed.
 *
 * The oracle (oracle.c) asks nobody but the processes. Never more than the
 * limit are alive. When the storm is over, each host starts some before long,
 * and the books of each queue balance, and fit what the oracle has seen. With
 * --red it is a control: the bound must be seen broken.
 *
 * Is run by storm.sh, which has the server, as root in network, PID and mount
 * namespaces of its own. Touches no network but that of its namespaces.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if PQ_USE_LINUX
# include <sys/prctl.h>
#endif

#include "procq.h"

#include "../kit/harness.h"
#include "../kit/tap.h"
#include "../storm/chance.h"

#include "host.h"
#include "mix.h"
#include "oracle.h"
#include "sky.h"
#include "wire.h"

struct course course = {
	.hosts = 8, .seconds = 10, .seed = 1, .limit = 20, .pause = 400,
	.lease = 6, .policy = "keep", .folder = "src", .shared = "/tmp",
	.url = "", .only = "",
};
struct sky *sky;

static const char *const kind_names[KINDS] = {
	[KIND_HELPER] = "helper", [KIND_PRODUCER] = "producer",
	[KIND_CONSUMER] = "consumer", [KIND_PARTIES] = "parties",
	[KIND_STOP] = "stop", [KIND_LOST] = "lost", [KIND_CUT] = "cut",
	[KIND_ONE_WAY] = "one-way", [KIND_SLOW] = "slow",
	[KIND_HOLD] = "hold", [KIND_FREEZE] = "freeze",
};

/* All but the freeze, which must break the bound. */
bool is_wanted(enum kind kind)
{
	const char *at = strstr(course.only, kind_names[kind]);

	return *course.only ? at != NULL : kind != KIND_FREEZE;
}

#if PQ_USE_LINUX

#define PATIENCE (90 * S)

struct host {
	pid_t first;		/* 0: it is lost, until it boots */
	int64_t boots;
	pid_t release;		/* somebody releases it; 0: nobody */
};

static struct host hosts[HOSTS_MAX];
static pid_t oracle;

/* ---- hosts ---- */

static bool boot(unsigned i)
{
	int end = -1;

	sky->life[i]++;
	sky->born[i] = 0;
	hosts[i].first = host_boot(i, &end);
	wire_plug(i, end);
	if (hosts[i].first > 1)
		return true;
	hosts[i].first = 0;
	return false;
}

/* What an administrator would do, who knows that it is gone: once. */
static void begin_release(unsigned i)
{
	char command[400], name[16];

	host_name(i, name);
	snprintf(command, sizeof(command), "for i in $(seq 300); do psql -X -q "
		 "-U postgres -c \"SELECT procq.release('maya', seat) FROM "
		 "procq.seat WHERE seat LIKE '%s/%%'\" >/dev/null 2>&1 && "
		 "exit; sleep 0.1; done; exit 1", name);
	hosts[i].release = fork();
	if (hosts[i].release == 0) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
}

static bool is_container(unsigned i)
{
	return !course.shim || i % 2 == 1;
}

/* All processes of its PID namespace are dead before the first is reaped. */
static void lose(unsigned i)
{
	struct host *h = &hosts[i];

	if (h->first <= 1 || h->release > 0)
		return;
	kill(h->first, SIGKILL);
	waitpid(h->first, NULL, 0);
	h->first = 0;
	wire_plug(i, -1);
	sky->faults[KIND_LOST]++;
	h->boots = procq_now() + (int64_t)(200 + draw(5800)) * MS;
	if (is_container(i) && strcmp(course.policy, "end") != 0)
		begin_release(i);
}

static void look_after(void)
{
	int64_t now = procq_now();

	for (unsigned i = 0; i < course.hosts; i++) {
		struct host *h = &hosts[i];

		if (h->release > 0 &&
		    waitpid(h->release, NULL, WNOHANG) == h->release)
			h->release = 0;
		if (h->first == 0 && h->release == 0 && h->boots <= now &&
		    !boot(i))
			h->boots = now + S;
	}
}

/* ---- faults of the network ---- */

static void spoil(unsigned i, enum kind kind)
{
	int64_t now = procq_now();
	int64_t until = now + (int64_t)(200 + draw(5800)) * MS;
	struct weather w = { .until = until, .cut = true };

	if (!wire_is_fine(i) || hosts[i].first == 0)
		return;
	if (kind == KIND_SLOW) {
		w.cut = false;
		w.delay = (int64_t)(1 + draw(800)) * MS;
		w.loss = (unsigned)draw(300);
	}
	if (kind == KIND_HOLD)
		wire_hold(i, now + (int64_t)(1 + draw(9)) * S);
	else if (kind == KIND_ONE_WAY)
		wire_set(i, (int)draw(WIRE_WAYS), &w);
	else
		for (int way = 0; way < WIRE_WAYS; way++)
			wire_set(i, way, &w);
	sky->faults[kind]++;
}

static void fault(void)
{
	static const struct chance mix[] = {
		{ KIND_CUT, 30 }, { KIND_ONE_WAY, 55 }, { KIND_SLOW, 70 },
		{ KIND_HOLD, 85 }, { KIND_LOST, 100 },
	};
	unsigned i = course.red ? 0 : (unsigned)draw(course.hosts);
	size_t k = pick(mix, sizeof(mix) / sizeof(*mix));

	if (!is_wanted(mix[k].kind))
		return;
	if (mix[k].kind == KIND_LOST)
		lose(i);
	else
		spoil(i, mix[k].kind);
}

/* ---- the run ---- */

static void pass_time(int64_t until)
{
	do {
		look_after();
		wire_turn(procq_now() + 10 * MS);
	} while (procq_now() < until);
}

/* A control. Host 0 has 1 slot, and says so in a request that is held back.
 * Another helper is granted more; then the request arrives, and without numbers
 * the server believes it, and gives the rest to the others, who lack some. */
static void run_late(void)
{
	int64_t end = procq_now() + (int64_t)course.seconds * S;

	for (int64_t i = 1; sky->beyond == 0 && procq_now() < end; i++) {
		sky->demand = 1;
		pass_time(procq_now() + (2 + i) * S);
		wire_hold(0, end + 60 * S);
		pass_time(procq_now() + (1 + i) * S);
		sky->slay = true;
		sky->demand = 5;
		pass_time(procq_now() + (3 + 2 * i) * S);
		wire_release(0);
		sky->faults[KIND_HOLD]++;
		pass_time(procq_now() + 3 * S);
	}
}

static void run_storm(void)
{
	int64_t end = procq_now() + (int64_t)course.seconds * S, next = 0;
	char path[300];

	sky->phase = PHASE_STORM;
	while (procq_now() < end) {
		look_after();
		if (procq_now() >= next) {
			if (next > 0)
				fault();
			next = procq_now() +
			       (int64_t)(1 + draw(4 * course.pause)) * MS;
		}
		wire_turn(procq_now() + 10 * MS);
		if (course.red && sky->beyond > 0)
			break;
	}
	sky->phase = PHASE_CALM;
	wire_heal();
	/* Whoever disturbs the server is to stop, too. */
	snprintf(path, sizeof(path), "%s/calm", course.shared);
	close(open(path, O_WRONLY | O_CREAT, 0600));
}

/* How many hosts have started none since then? Their names, too. */
static size_t count_idle(const uint64_t *before, char *text, size_t size)
{
	size_t n = 0;

	*text = '\0';
	for (size_t i = 0; i < course.hosts; i++) {
		size_t at = strlen(text);

		if (hosts[i].first > 0 && sky->born[i] > before[i])
			continue;
		n++;
		snprintf(text + at, size - at, " host%zu", i);
	}
	return n;
}

static bool each_starts(void)
{
	uint64_t before[HOSTS_MAX];
	int64_t end = procq_now() + PATIENCE;
	char idle[200];

	for (size_t i = 0; i < course.hosts; i++)
		before[i] = sky->born[i];
	while (count_idle(before, idle, sizeof(idle)) > 0 &&
	       procq_now() < end)
		pass_time(0);
	if (count_idle(before, idle, sizeof(idle)) == 0)
		return true;
	note("nothing is started by%s", idle);
	return false;
}

static bool all_said(void)
{
	for (size_t i = 0; i < course.hosts; i++)
		if (!sky->farewell[i].said)
			return false;
	return true;
}

/* What each queue has counted, and the oracle: for who compares it with what
 * the server has. */
static void write_books(void)
{
	char path[300], name[16];
	FILE *f;

	snprintf(path, sizeof(path), "%s/books", course.shared);
	f = fopen(path, "w");
	for (unsigned i = 0; f && i < course.hosts; i++) {
		host_name(i, name);
		fprintf(f, "%s %" PRIu64 "\n", name,
			sky->farewell[i].started);
	}
	if (f)
		fclose(f);
}

static void check_farewells(void)
{
	uint64_t unseen = 0;
	bool good = true;

	for (size_t i = 0; i < course.hosts; i++) {
		const struct farewell *w = &sky->farewell[i];

		if (!w->said || w->trouble[0]) {
			good = false;
			note("host%zu: %s", i, w->said ? w->trouble
						       : "no farewell");
		} else if (w->started < sky->born[i]) {
			good = false;
			note("host%zu: %" PRIu64 " started, but %" PRIu64
			     " seen", i, w->started, (uint64_t)sky->born[i]);
		} else {
			unseen += w->started - sky->born[i];
		}
	}
	ok(good, "each queue is sound, and its books balance and have all that "
	   "were seen");
	note("killed before they could be seen: %" PRIu64, unseen);
}

static void end_hosts(void)
{
	int64_t end;

	sky->phase = PHASE_END;
	end = procq_now() + 2 * PATIENCE;
	while (!all_said() && procq_now() < end)
		wire_turn(procq_now() + 10 * MS);
	for (unsigned i = 0; i < course.hosts; i++) {
		if (hosts[i].first <= 1)
			continue;
		if (!sky->farewell[i].said)
			kill(hosts[i].first, SIGKILL);
		waitpid(hosts[i].first, NULL, 0);
	}
}

static void report(void)
{
	uint64_t all = 0;
	char text[400] = "";

	for (size_t k = 0; k < KINDS; k++) {
		size_t at = strlen(text);

		all += sky->faults[k];
		if (sky->faults[k] > 0)
			snprintf(text + at, sizeof(text) - at, ", %s %" PRIu64,
				 kind_names[k], (uint64_t)sky->faults[k]);
	}
	note("policy %s, seed %zu, %zu s, faults %" PRIu64 "%s", course.policy,
	     course.seed, course.seconds, all, text);
	note("births %" PRIu64 ", most at once %" PRIu64 " of %zu, births "
	     "beyond %" PRIu64 ", for %" PRIu64 " ms; endings %" PRIu64
	     ", within the gap %" PRIu64, (uint64_t)sky->births,
	     (uint64_t)sky->most, course.limit, (uint64_t)sky->beyond,
	     (uint64_t)sky->over_ns / 1000000, (uint64_t)sky->endings,
	     (uint64_t)sky->too_early);
	ok(all > 0, "there were faults");
}

static void run_all(void)
{
	bool good = true;

	for (unsigned i = 0; i < course.hosts; i++)
		good = boot(i) && good;
	if (!ok(good && each_starts(), "each host starts some")) {
		end_hosts();
		return;
	}
	if (course.late)
		run_late();
	else
		run_storm();
	if (course.red) {
		ok(sky->beyond > 0, "the oracle sees the bound broken");
		for (unsigned i = 0; i < course.hosts; i++)
			if (hosts[i].first > 1)
				kill(hosts[i].first, SIGKILL);
		report();
		return;
	}
	ok(each_starts(), "after the storm, each host starts some");
	end_hosts();
	is_int((int64_t)sky->beyond, 0, "never more than the limit were alive");
	if (course.gap > 0)
		is_int((int64_t)sky->too_early, 0, "none ended in the gap");
	check_farewells();
	is_int((int64_t)(sky->births - sky->deaths), 0, "nobody is left");
	report();
	write_books();
}

static bool prepare(void)
{
	char path[300];
	int end;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	sky = mmap(NULL, sizeof(*sky), PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sky == MAP_FAILED)
		return false;
	end = wire_end(1);
	if (end < 0)
		return false;
	wire_begin(end, course.seed);
	snprintf(path, sizeof(path), "%s/oracle", course.shared);
	oracle = oracle_begin(path);
	return oracle > 1;
}

static void end_oracle(void)
{
	kill(oracle, SIGKILL);
	waitpid(oracle, NULL, 0);
}

#else

static bool prepare(void)
{
	return false;
}

static void run_all(void)
{
}

static void end_oracle(void)
{
}

#endif

static const struct harness_option all_options[] = {
	{ "hosts", "N", "so many hosts", .count = &course.hosts },
	{ "seconds", "N", "how long the storm is", .count = &course.seconds },
	{ "seed", "N", "the choices follow from it", .count = &course.seed },
	{ "limit", "N", "of the fleet", .count = &course.limit },
	{ "pause", "MS", "between the faults of a host", .count = &course.pause },
	{ "lease", "S", "of the fleet, in seconds", .count = &course.lease },
	{ "gap", "MS", "between endings", .count = &course.gap },
	{ "policy", "WORD", "of the fleet", .text = &course.policy },
	{ "programs", "FOLDER", "where they are", .text = &course.folder },
	{ "shared", "FOLDER", "for all hosts", .text = &course.shared },
	{ "worker", "FILE", "mayfly", .text = &course.worker },
	{ "fleet", "URL", "of the hosts", .text = &course.url },
	{ "shim", "FILE", "preloaded on hosts that are machines",
	  .text = &course.shim },
	{ "only", "KIND,...", "faults of these kinds", .text = &course.only },
	{ "red", NULL, "the bound must be seen broken", .flag = &course.red },
	{ "late", NULL, "by a request that is worked off late",
	  .flag = &course.late },
	{ .name = NULL },
};

static const struct harness this_harness = { "storm", all_options, NULL };

int main(int argc, char **argv)
{
	read_options(&this_harness, argc, argv);
	if (course.hosts > HOSTS_MAX)
		usage(2);
	setvbuf(stdout, NULL, _IOLBF, 0);
	chance_begin(course.seed);
	if (!prepare()) {
		printf("# %s\n", strerror(errno));
		skip_all("no network of namespaces to be had");
	}
	run_all();
	end_oracle();
	return done();
}
