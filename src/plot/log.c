/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * log.c - see log.h.
 *
 * The lines are kept as they come, each as a life with holes; then sorted, so
 * that those of one process stand beside each other, and merged.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "duration.h"

#include "log.h"

/* Two figures, from min to max; -1: they are none. */
static int two_digits(const char *text, int min, int max)
{
	int n;

	if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
		return -1;
	n = 10 * (text[0] - '0') + text[1] - '0';
	return n < min || n > max ? -1 : n;
}

/* "Z", "+01:00" or "-0330"; INT64_MIN: none of these. */
static int64_t zone(const char *text)
{
	const char *minutes;
	int h, m;

	if (strcmp(text, "Z") == 0)
		return 0;
	if (*text != '+' && *text != '-')
		return INT64_MIN;
	h = two_digits(text + 1, 0, 23);
	if (h < 0)
		return INT64_MIN;
	minutes = text[3] == ':' ? text + 4 : text + 3;
	m = two_digits(minutes, 0, 59);
	if (m < 0 || minutes[2] != '\0')
		return INT64_MIN;
	return (*text == '-' ? -1 : 1) * (int64_t)(h * 60 + m) * 60;
}

/* Days from the epoch to a date of the Gregorian calendar. */
static int64_t days(int year, int month, int day)
{
	static const int before[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334
	};
	int64_t past = year - 1;
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return past * 365 + past / 4 - past / 100 + past / 400 - 719162 +
	       before[month - 1] + (leap && month > 2) + day - 1;
}

int64_t log_time(const char *text)
{
	int64_t seconds, ns = 0, offset, unit = NS_PER_S;
	int y, c, mo, d, h, mi, s;

	if (strlen(text) < 20 || text[4] != '-' || text[7] != '-' ||
	    text[10] != 'T' || text[13] != ':' || text[16] != ':')
		return INT64_MIN;
	c = two_digits(text, 0, 99);
	y = two_digits(text + 2, 0, 99);
	mo = two_digits(text + 5, 1, 12);
	d = two_digits(text + 8, 1, 31);
	h = two_digits(text + 11, 0, 23);
	mi = two_digits(text + 14, 0, 59);
	s = two_digits(text + 17, 0, 60);
	/* In ns, an int64_t reaches from 1677 to 2262. */
	if (c < 17 || c > 21 || y < 0 || mo < 0 || d < 0 || h < 0 ||
	    mi < 0 || s < 0)
		return INT64_MIN;
	text += 19;
	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++) {
			unit /= 10;
			ns += unit * (*text - '0');
		}
	}
	offset = zone(text);
	if (offset == INT64_MIN)
		return INT64_MIN;
	seconds = days(100 * c + y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
	return (seconds - offset) * NS_PER_S + ns;
}

/* ---- one line ---- */

static int64_t member_time(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? log_time(text) : INT64_MIN;
}

/* ns of a number of seconds; -1: there is none. */
static int64_t member_seconds(const json_t *line, const char *key)
{
	const json_t *value = json_object_get(line, key);
	double s = json_number_value(value);

	return json_is_number(value) && s >= 0 && s < 1e9 ? (int64_t)(s * 1e9)
							   : -1;
}

static int64_t member_count(const json_t *line, const char *key)
{
	const json_t *value = json_object_get(line, key);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

static const char *member_text(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));

	return text ? text : "";
}

static uint8_t cause_of(const char *text)
{
	if (strcmp(text, "exit:0") == 0)
		return CAUSE_EXIT;
	if (strncmp(text, "exit:", 5) == 0)
		return CAUSE_FAILED;
	if (strcmp(text, "signal:KILL") == 0)
		return CAUSE_KILL;
	if (strncmp(text, "signal:", 7) == 0)
		return CAUSE_SIGNAL;
	if (strncmp(text, "core:", 5) == 0)
		return CAUSE_CORE;
	return CAUSE_UNKNOWN;
}

static uint8_t hand_of(const char *text)
{
	static const char *const words[HANDS] = {
		"", "consumer", "producer", "self", "other"
	};

	for (int i = 1; i < HANDS; i++)
		if (strcmp(text, words[i]) == 0)
			return (uint8_t)i;
	return HAND_NONE;
}

/* Room for one more. Without memory there is no picture: the caller ends. */
static int grow(void **array, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : 1024;
	void *larger;

	if (count < *room)
		return 0;
	if (more > SIZE_MAX / size)
		return -ENOMEM;
	larger = realloc(*array, more * size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	*room = more;
	return 0;
}

/* The index of a queue's name; -ENOMEM. */
static int64_t queue_index(struct log *log, const char *name)
{
	char **names;

	for (size_t i = log->queue_count; i-- > 0; )
		if (strcmp(log->queues[i], name) == 0)
			return (int64_t)i;
	names = realloc(log->queues,
			(log->queue_count + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	log->queues = names;
	names[log->queue_count] = strdup(name);
	if (!names[log->queue_count])
		return -ENOMEM;
	return (int64_t)log->queue_count++;
}

static int add_bound(struct log *log, const json_t *line, uint32_t queue,
		     int64_t time)
{
	int64_t capacity = member_count(line, "capacity");
	void *array = log->bounds;
	int err;

	if (capacity <= 0 || capacity > UINT32_MAX || time == INT64_MIN)
		return 0;
	err = grow(&array, log->bound_count, &log->bound_room,
		   sizeof(*log->bounds));
	if (err < 0)
		return err;
	log->bounds = array;
	log->bounds[log->bound_count++] = (struct bound){
		.time = time, .capacity = (uint32_t)capacity, .queue = queue
	};
	return 0;
}

/* What the line of an end says. */
static void read_end(struct life *life, const json_t *line)
{
	int64_t lived = member_seconds(line, "lived");
	int64_t latency = member_count(line, "latency_us");

	life->cause = cause_of(member_text(line, "cause"));
	life->hand = hand_of(member_text(line, "by"));
	if (latency >= 0 && latency < INT64_MAX / NS_PER_US)
		life->latency = latency * NS_PER_US;
	life->end = member_time(line, "ended_at");
	if (lived >= 0 && life->start != INT64_MIN)
		life->end = life->start + lived;
	if (life->end == INT64_MIN)
		life->end = member_time(line, "time");
	if (life->end == INT64_MIN)
		life->end = INT64_MAX;
}

/* A line that is an event of a process, or something else. */
static int read_event(struct log *log, const json_t *line)
{
	const char *event = member_text(line, "event");
	bool ended = strcmp(event, "retired") == 0 ||
		     strcmp(event, "stale") == 0;
	int64_t seq = member_count(line, "seq");
	int64_t producer = member_count(line, "producer");
	int64_t slot = member_count(line, "slot");
	int64_t queue, time;
	void *array = log->lives;
	struct life *life;
	int err;

	if ((!ended && strcmp(event, "started") != 0) || seq <= 0)
		return 0;
	queue = queue_index(log, member_text(line, "queue"));
	if (queue < 0)
		return (int)queue;
	err = grow(&array, log->count, &log->room, sizeof(*log->lives));
	if (err < 0)
		return err;
	log->lives = array;
	life = &log->lives[log->count++];
	*life = (struct life){
		.producer = producer > 0 ? (uint64_t)producer : 0,
		.seq = (uint64_t)seq,
		.start = member_time(line, "started_at"),
		.end = INT64_MAX,
		.latency = -1,
		.queue = (uint32_t)queue,
		.slot = slot >= 0 && slot <= INT32_MAX ? (int32_t)slot : -1
	};
	if (ended)
		read_end(life, line);
	time = member_time(line, "time");
	return add_bound(log, line, (uint32_t)queue,
			 time != INT64_MIN ? time : life->start);
}

int log_read(struct log *log, const char *file)
{
	FILE *f = strcmp(file, "-") == 0 ? stdin : fopen(file, "re");
	char *text = NULL;
	size_t size = 0;
	ssize_t n;
	int err = 0;

	if (!f)
		return -errno;
	errno = 0;
	while (err == 0 && (n = getline(&text, &size, f)) > 0) {
		json_t *line = json_loadb(text, (size_t)n,
					  JSON_REJECT_DUPLICATES, NULL);

		log->lines++;
		if (!json_is_object(line))
			log->bad++;
		else
			err = read_event(log, line);
		json_decref(line);
		errno = 0;
	}
	if (err == 0 && ferror(f))
		err = errno ? -errno : -EIO;
	free(text);
	if (f != stdin)
		fclose(f);
	return err;
}

/* ---- all lines ---- */

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int by_process(const void *x, const void *y)
{
	const struct life *a = x, *b = y;

	return a->queue != b->queue ? ORDER(a->queue, b->queue)
	       : a->producer != b->producer
		       ? ORDER(a->producer, b->producer)
		       : ORDER(a->seq, b->seq);
}

static int by_start(const void *x, const void *y)
{
	const struct life *a = x, *b = y;

	return a->start != b->start ? ORDER(a->start, b->start)
				    : ORDER(a->seq, b->seq);
}

static int by_time(const void *x, const void *y)
{
	const struct bound *a = x, *b = y;

	return a->queue != b->queue ? ORDER(a->queue, b->queue)
				    : ORDER(a->time, b->time);
}

static void merge(struct life *into, const struct life *from)
{
	if (into->start == INT64_MIN)
		into->start = from->start;
	if (into->slot < 0)
		into->slot = from->slot;
	/* The report of a retired process knows more than that of a stale
	 * one. */
	if (from->cause == CAUSE_ALIVE ||
	    (into->cause != CAUSE_ALIVE && into->cause != CAUSE_UNKNOWN))
		return;
	into->end = from->end;
	into->cause = from->cause;
	into->hand = from->hand;
	if (from->latency >= 0)
		into->latency = from->latency;
}

static void join_bounds(struct log *log)
{
	size_t n = 0;

	if (log->bound_count > 0)
		qsort(log->bounds, log->bound_count, sizeof(*log->bounds),
		      by_time);
	for (size_t i = 0; i < log->bound_count; i++)
		if (n == 0 || log->bounds[n - 1].queue != log->bounds[i].queue
		    || log->bounds[n - 1].capacity != log->bounds[i].capacity)
			log->bounds[n++] = log->bounds[i];
	log->bound_count = n;
}

void log_join(struct log *log)
{
	size_t n = 0, kept = 0;

	if (log->count > 0)
		qsort(log->lives, log->count, sizeof(*log->lives), by_process);
	for (size_t i = 0; i < log->count; i++) {
		if (n > 0 && by_process(&log->lives[n - 1],
					&log->lives[i]) == 0)
			merge(&log->lives[n - 1], &log->lives[i]);
		else
			log->lives[n++] = log->lives[i];
	}
	for (size_t i = 0; i < n; i++)
		if (log->lives[i].start != INT64_MIN)
			log->lives[kept++] = log->lives[i];
	log->count = kept;
	if (kept > 0)
		qsort(log->lives, kept, sizeof(*log->lives), by_start);
	join_bounds(log);
}

void log_select(struct log *log, uint32_t queue)
{
	size_t n = 0, m = 0;

	for (size_t i = 0; i < log->count; i++)
		if (log->lives[i].queue == queue)
			log->lives[n++] = log->lives[i];
	for (size_t i = 0; i < log->bound_count; i++)
		if (log->bounds[i].queue == queue)
			log->bounds[m++] = log->bounds[i];
	log->count = n;
	log->bound_count = m;
}

void log_free(struct log *log)
{
	for (size_t i = 0; i < log->queue_count; i++)
		free(log->queues[i]);
	free(log->queues);
	free(log->lives);
	free(log->bounds);
	*log = (struct log){ 0 };
}
