/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headroom.c - is there load and memory to spare for one more process? See
 * headroom.h.
 *
 * A load average is slow: of processes that begin to run now, it has 2 % after
 * a second, and 63 % after a minute. So on Linux those that run at the moment
 * count as well, and between two looks no more are started than are missing.
 */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"
#include "duration.h"
#include "groups.h"
#include "headroom.h"
#include "i18n.h"

/* Between two looks; and if something is lacking. */
#define LOOK (10 * NS_PER_MS)
#define LOOK_LACKING (200 * NS_PER_MS)
/* Starts between two looks, at most. */
#define BUDGET_MAX 16

const char *headroom_parse_load(const char *text, uint64_t *thousandths)
{
	struct decimal d;
	const char *why = decimal_read(&text, &d);

	if (why)
		return why;
	if (*text)
		return N_("a decimal number is expected");
	if (d.digits / d.scale > 1000000)
		return N_("it is too large");
	if (d.digits == 0)
		return N_("it has to be more than 0");
	*thousandths = d.digits / d.scale * 1000 +
		       d.digits % d.scale * 1000 / d.scale;
	/* Less than a thousandth. */
	if (*thousandths == 0)
		*thousandths = 1;
	return NULL;
}

/* ---- what the system says ---- */

#if PQ_USE_LINUX

/* /proc/loadavg: 0.20 0.18 0.12 1/80 11206 */
static bool read_load(struct headroom *h)
{
	char path[256], line[128];
	const char *at = line;
	struct decimal d;
	uint64_t running = 0;
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/proc/loadavg",
		 h->root ? h->root : "");
	f = fopen(path, "re");
	if (!f)
		return false;
	good = fgets(line, sizeof(line), f) && !decimal_read(&at, &d);
	fclose(f);
	if (!good)
		return false;
	h->load = d.digits * 1000 / d.scale;
	/* This program is one of them. A number of the kernel fits.
	 * NOLINTNEXTLINE(cert-err34-c) */
	if (sscanf(at, " %*s %*s %" SCNu64 "/", &running) != 1)
		running = 1;
	h->running = running > 0 ? running - 1 : 0;
	return true;
}

/* What is left in a control group. Its limit is on what it uses, of which the
 * kernel gives back files that are not in use. */
static bool less_in_group(const char *dir, void *arg)
{
	uint64_t *memory = arg;
	uint64_t max, high, used, files = 0;

	if (groups_number(dir, "memory.current", &used)) {
		if (!groups_number(dir, "memory.max", &max))
			max = UINT64_MAX;
		if (groups_number(dir, "memory.high", &high) && high < max)
			max = high;
		groups_member(dir, "memory.stat", "inactive_file", &files);
	} else if (groups_number(dir, "memory.usage_in_bytes", &used)) {
		if (!groups_number(dir, "memory.limit_in_bytes", &max))
			max = UINT64_MAX;
		groups_member(dir, "memory.stat", "total_inactive_file",
			      &files);
	} else {
		return false;
	}
	used -= files < used ? files : used;
	max -= used < max ? used : max;
	if (max < *memory)
		*memory = max;
	return false;
}

static bool read_memory(struct headroom *h)
{
	const char *root = h->root ? h->root : "";
	uint64_t kib, memory;
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/proc", root);
	if (!groups_member(dir, "meminfo", "MemAvailable:", &kib))
		return false;
	memory = kib * 1024;
	groups_each(root, "memory", less_in_group, &memory);
	h->memory = memory;
	return true;
}

#else

static bool read_load(struct headroom *h)
{
#ifdef HAVE_GETLOADAVG
	double load;

	h->running = 0;
	if (getloadavg(&load, 1) == 1 && load >= 0) {
		h->load = (uint64_t)(load * 1000);
		return true;
	}
#endif
	(void)h;
	return false;
}

static bool read_memory(struct headroom *h)
{
	(void)h;
	return false;
}

#endif

/* ---- what follows ---- */

enum headroom_lack headroom_unknown(struct headroom *h)
{
	if (h->max_load && !read_load(h))
		return HEADROOM_LOAD;
	if (h->min_memory && !read_memory(h))
		return HEADROOM_MEMORY;
	return HEADROOM_ENOUGH;
}

static bool load_lacks(const struct headroom *h)
{
	uint64_t max = h->max_load;

	if (h->lack == HEADROOM_LOAD)
		max -= max / 10;
	return h->load > max || h->running * 1000 > h->max_load;
}

static bool memory_lacks(const struct headroom *h)
{
	uint64_t min = h->min_memory;

	if (h->lack == HEADROOM_MEMORY)
		min += min / 10;
	return h->memory < min;
}

/* If the system does not say it any more, what it last said holds. */
static void look(struct headroom *h, int64_t now)
{
	enum headroom_lack lack = HEADROOM_ENOUGH;
	uint64_t used = 0;

	h->budget = BUDGET_MAX;
	if (h->max_load) {
		read_load(h);
		if (load_lacks(h))
			lack = HEADROOM_LOAD;
		used = h->load / 1000 > h->running ? h->load / 1000
						   : h->running;
		if (h->max_load / 1000 < used + BUDGET_MAX)
			h->budget = h->max_load / 1000 > used
				? (unsigned)(h->max_load / 1000 - used)
				: 1;
	}
	if (h->min_memory && lack == HEADROOM_ENOUGH) {
		read_memory(h);
		if (memory_lacks(h))
			lack = HEADROOM_MEMORY;
	}
	h->lack = lack;
	h->look_again = time_after(now, lack ? LOOK_LACKING : LOOK);
}

bool headroom_has(struct headroom *h, int64_t now)
{
	if (h->max_load == 0 && h->min_memory == 0)
		return true;
	if (now >= h->look_again)
		look(h, now);
	return h->lack == HEADROOM_ENOUGH && h->budget > 0;
}

void headroom_started(struct headroom *h)
{
	if (h->budget > 0)
		h->budget--;
}

static char *load_text(uint64_t thousandths, char buf[SIZE_SIZE])
{
	snprintf(buf, SIZE_SIZE, "%" PRIu64 ".%02u", thousandths / 1000,
		 (unsigned)(thousandths % 1000 / 10));
	return buf;
}

char *headroom_describe(const struct headroom *h, char *buf, unsigned size)
{
	char is[SIZE_SIZE], limit[SIZE_SIZE];

	if (h->lack == HEADROOM_MEMORY)
		snprintf(buf, size, _("%s of memory are left, and --min-memory "
			 "is %s"), size_text(h->memory, is),
			 size_text(h->min_memory, limit));
	else if (h->load <= h->max_load && h->running * 1000 > h->max_load)
		snprintf(buf, size, _("%" PRIu64 " other processes are running,"
			 " and --max-load is %s"), h->running,
			 load_text(h->max_load, limit));
	else
		snprintf(buf, size, _("the load average is %s, and --max-load "
			 "is %s"), load_text(h->load, is),
			 load_text(h->max_load, limit));
	return buf;
}
