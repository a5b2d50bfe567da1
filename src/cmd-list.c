/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cmd-list.c - procq list: the queues on this machine.
 *
 * Must only look. A queue that can't be opened is no error: other users may
 * keep theirs private, and users look here for a damaged one. It is an error,
 * though, if this program has no descriptors or memory for it.
 */
#include <config.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "duration.h"
#include "i18n.h"
#include "procq-cmd.h"
#include "trouble.h"

enum {
	NAME, CAPACITY, ALIVE, EXITED, PRODUCERS, CONSUMERS, PWAIT, CWAIT,
	OWNER, MODE, STATE, OBJECT, CREATED, BYTES, DEAD, MAX
};

static const struct table_column columns[] = {
	[NAME] = { "NAME", NULL, N_("the queue, as --queue takes it"), 0 },
	[CAPACITY] = { "CAPACITY", NULL,
		N_("how many processes may exist at once"), TABLE_RIGHT },
	[ALIVE] = { "ALIVE", NULL, N_("processes in it that are alive"),
		TABLE_RIGHT },
	[EXITED] = { "EXITED", NULL,
		N_("processes in it that are dead, yet to be reported"),
		TABLE_RIGHT },
	[PRODUCERS] = { "PRODUCERS", NULL,
		N_("producers attached"), TABLE_RIGHT },
	[CONSUMERS] = { "CONSUMERS", NULL,
		N_("consumers attached"), TABLE_RIGHT },
	[PWAIT] = { "PWAIT", "waiting_producers",
		N_("participants waiting for room"), TABLE_RIGHT },
	[CWAIT] = { "CWAIT", "waiting_consumers",
		N_("participants waiting for a process"), TABLE_RIGHT },
	[OWNER] = { "OWNER", NULL, N_("the user that it belongs to"), 0 },
	[MODE] = { "MODE", NULL, N_("permissions, octal"), 0 },
	[STATE] = { "STATE", NULL,
		N_("open, closed, stopped, private, or what is wrong with it"), 0 },
	[OBJECT] = { "OBJECT", NULL, N_("the shared memory object"), 0 },
	[CREATED] = { "CREATED_AT", NULL, N_("when it was created"), 0 },
	[BYTES] = { "BYTES", NULL,
		N_("size of the shared memory object"), TABLE_RIGHT },
	[DEAD] = { "DEAD", NULL,
		N_("dead participants not yet swept"), TABLE_RIGHT },
	[MAX] = { "MAX", NULL,
		N_("up to how many 'procq limit' can allow"), TABLE_RIGHT },
};

struct queue {
	struct procq_found entry;
	struct procq_stat stat;
	int err;		/* why it could not be opened */
	uint32_t found;		/* procq_options.found then */
};

struct queues {
	const char *only;	/* this object; NULL: any */
	struct queue *all;
	size_t count;
	size_t room;
};

static int list_add(const struct procq_found *entry, void *arg)
{
	struct queues *list = arg;

	if (list->only && strcmp(entry->object, list->only) != 0)
		return 0;
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 16;
		struct queue *bigger = realloc(list->all,
					       room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		list->all = bigger;
		list->room = room;
	}
	memset(&list->all[list->count], 0, sizeof(*list->all));
	list->all[list->count++].entry = *entry;
	return 0;
}

/* @param patience with one that is being set up; ns */
static void list_look(struct queue *u, int64_t patience)
{
	struct procq_options o = PROCQ_OPTIONS_INIT;
	struct procq *q;

	o.role = PROCQ_ROLE_ONLOOKER;
	o.flags = PROCQ_OPEN_NOCREATE;
	o.deadline = time_after(procq_now(), patience);
	u->err = procq_open(&q, u->entry.object, &o);
	u->found = o.found;
	if (u->err < 0)
		return;
	u->err = procq_stat(q, &u->stat);
	procq_close(q);
}

/* A queue that was removed meanwhile is left out; an unfinished one, whose
 * creator died, is not. */
static void list_look_at_all(struct queues *list)
{
	/* Another user may have a thousand that are never finished: each takes
	 * this long. */
	int64_t patience = list->only ? SETUP_MAX : 100 * NS_PER_MS;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		list_look(&list->all[i], patience);
		if (list->all[i].err != -ENOENT || list->all[i].found)
			list->all[kept++] = list->all[i];
	}
	list->count = kept;
}

static const char *queue_state(const struct queue *u)
{
	switch (-u->err) {
	case 0:
		return u->stat.closed == PROCQ_STOPPED ? "stopped"
		       : u->stat.closed ? "closed" : "open";
	case EACCES:
	case EPERM:
		return "private";
	case EBADMSG:
	case ENODEV:
		return "damaged";
	case EXDEV:
		return "foreign";
	case ESTALE:
		return "outdated";
	case EPROTONOSUPPORT:
		return "version";
	case ENOENT:
	case ETIMEDOUT:
		return "unfinished";
	}
	return "unknown";
}

static void set_owner(struct table *t, uid_t uid)
{
	struct passwd *pw = getpwuid(uid);
	char number[24];

	if (pw) {
		table_set_text(t, OWNER, pw->pw_name);
		return;
	}
	snprintf(number, sizeof(number), "%lu", (unsigned long)uid);
	table_set_text(t, OWNER, number);
}

static void list_fill(struct table *t, size_t row, const void *arg)
{
	const struct queues *list = arg;
	const struct queue *u = &list->all[row];
	const struct procq_stat *s = &u->stat;
	char mode[16];

	table_set_text(t, NAME, short_name(u->entry.object));
	table_set_text(t, OBJECT, u->entry.object);
	table_set_text(t, STATE, queue_state(u));
	snprintf(mode, sizeof(mode), "%04o",
		 (unsigned)u->entry.mode & 07777);
	table_set_text(t, MODE, mode);
	if (table_chosen(t, OWNER))
		set_owner(t, u->entry.uid);
	if (u->err < 0)
		return;
	table_set_count(t, CAPACITY, s->limit);
	table_set_count(t, MAX, s->capacity);
	table_set_count(t, ALIVE, s->states[PROCQ_STATE_QUEUED] +
					  s->states[PROCQ_STATE_TAKEN]);
	table_set_count(t, EXITED, s->states[PROCQ_STATE_EXITED]);
	table_set_count(t, PRODUCERS, s->producers);
	table_set_count(t, CONSUMERS, s->consumers);
	table_set_count(t, PWAIT, s->waiting_room);
	table_set_count(t, CWAIT, s->waiting_ready);
	table_set_time(t, CREATED, s->created);
	table_set_count(t, BYTES, s->bytes);
	table_set_count(t, DEAD, s->dead);
}

/* The user's own queues first, then by name. */
static int by_name(const void *a, const void *b)
{
	const struct queue *x = a;
	const struct queue *y = b;
	int mine = (y->entry.uid == geteuid()) - (x->entry.uid == geteuid());

	return mine ? mine : strcmp(x->entry.object, y->entry.object);
}

/* Is its state unknown because this program lacks something? */
static bool is_unknown(const struct queue *u)
{
	return strcmp(queue_state(u), "unknown") == 0;
}

static void list_explain(const struct queues *list, bool all)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct queue *u = &list->all[i];
		struct procq_options o = PROCQ_OPTIONS_INIT;
		const char *name = short_name(u->entry.object);

		if (!all && !is_unknown(u))
			continue;
		o.found = u->found;
		if (u->err == -ENOENT)
			complain(_("queue '%s': its creator did not finish "
				   "setting it up"), name);
		else if (u->err < 0)
			complain_unopened(name, &o, u->err);
	}
}

/* The one that is named is not among them. It may be another user's, who keeps
 * it private. */
static int list_missing(const struct request *r)
{
	struct procq *q;
	int status = request_open(r, PROCQ_ROLE_ONLOOKER, &q);

	if (status != EXIT_DONE)
		return status;
	procq_close(q);
	return complain_failed(r, -ENOENT);
}

static int cmd_list_run(struct request *r)
{
	struct queues list = { .count = 0 };
	char object[PROCQ_NAME_SIZE];
	int err = 0, status = EXIT_DONE;

	if (r->queue) {
		err = procq_object_name(r->queue, object);
		list.only = object;
	}
	if (err == 0)
		err = procq_list(list_add, &list);
	if (err == 0 && list.only && list.count == 0)
		return list_missing(r);
	if (err == 0) {
		list_look_at_all(&list);
		if (list.count > 0)
			qsort(list.all, list.count, sizeof(*list.all),
			      by_name);
		err = table_print(r->table, stdout, r->form, "queues",
				  list.count, list_fill, &list);
	}
	if (err == 0)
		list_explain(&list, r->verbose || list.only);
	for (size_t i = 0; i < list.count; i++)
		if (is_unknown(&list.all[i]))
			status = EXIT_FAILED;
	free(list.all);
	return err < 0 ? complain_unlisted(err) : status;
}

const struct command cmd_list = {
	.name = "list",
	.summary = N_("show the queues on this machine"),
	.text = N_("Show the queues on this machine, your own first, or the "
"queue NAME alone.\n"
"Queues of other users appear with their full names. If little is known about\n"
"a queue, --verbose says why.\n"),
	.operands = N_("[NAME]"),
	.takes = TAKES_NAME | TAKES_LIST | TAKES_ANY | TAKES_FLEET,
	.columns = columns,
	.ncolumns = sizeof(columns) / sizeof(*columns),
	.usual = "NAME,CAPACITY,ALIVE,EXITED,PRODUCERS,CONSUMERS,PWAIT,"
		 "CWAIT,OWNER,MODE,STATE",
	.run = cmd_list_run,
};
