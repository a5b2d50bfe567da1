/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * options.c - options, and their arguments.
 *
 * Must not know which options there are.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "procq.h"

#include "complain.h"
#include "decimal.h"
#include "duration.h"
#include "headroom.h"
#include "i18n.h"
#include "options.h"
#include "pace.h"
#include "signame.h"

void choices_begin(struct choices *all, const char *order)
{
	memset(all, 0, sizeof(*all));
	snprintf(all->letters, sizeof(all->letters), "%s", order);
}

void choices_add_one(struct choices *all, const struct choice *c)
{
	char *letter = all->letters + strlen(all->letters);

	if (all->count == CHOICES_MAX)
		abort();
	all->longs[all->count++] = (struct option){ c->name, c->argument, NULL,
						    c->letter };
	if (c->letter >= 256)
		return;
	*letter++ = (char)c->letter;
	if (c->argument != no_argument)
		*letter++ = ':';
	if (c->argument == optional_argument)
		*letter = ':';
}

void choices_add(struct choices *all, const struct choice *table)
{
	for (; table->name; table++)
		choices_add_one(all, table);
}

int choices_next(const struct choices *all, int argc, char **argv)
{
	return getopt_long(argc, argv, all->letters, all->longs, NULL);
}

void choices_help(const struct choice *table)
{
	for (; table->name; table++)
		if (table->help)
			fputs(_(table->help), stdout);
}

/* ---- arguments ---- */

static _Noreturn void bad_argument(const char *option, const char *text,
				   const char *why)
{
	usage_error(_("invalid argument '%s' for --%s: %s"), text, option,
		    why);
}

/* @param why what is wrong, untranslated; NULL: nothing */
static void refuse(const char *option, const char *text, const char *why)
{
	if (why)
		bad_argument(option, text, _(why));
}

/* @param why room for what is wrong */
static bool read_number(const char *text, uint64_t min, uint64_t max,
			uint64_t *value, char *why, size_t size)
{
	bool over = false;
	size_t n = 0;

	*value = 0;
	for (; text[n] >= '0' && text[n] <= '9'; n++) {
		uint64_t digit = (uint64_t)(text[n] - '0');

		over = over || *value > (UINT64_MAX - digit) / 10;
		*value = *value * 10 + digit;
	}
	if (n > 0 && text[n] == '\0' && !over && *value >= min &&
	    *value <= max)
		return true;
	if (n == 0 || text[n] != '\0')
		snprintf(why, size, "%s", _("a whole number is expected"));
	else
		snprintf(why, size, _("it has to be from %" PRIu64 " to %"
				      PRIu64), min, max);
	return false;
}

uint64_t option_number(const char *option, const char *text, uint64_t min,
		       uint64_t max)
{
	char why[128];
	uint64_t value;

	if (!read_number(text, min, max, &value, why, sizeof(why)))
		bad_argument(option, text, why);
	return value;
}

uint64_t option_operand(const char *text, uint64_t min, uint64_t max)
{
	char why[128];
	uint64_t value;

	if (!read_number(text, min, max, &value, why, sizeof(why)))
		usage_error(_("invalid number '%s': %s"), text, why);
	return value;
}

mode_t option_mode(const char *option, const char *text)
{
	unsigned mode = 0;
	size_t n = 0;

	for (; text[n] >= '0' && text[n] <= '7' && n < 5; n++)
		mode = mode * 8 + (unsigned)(text[n] - '0');
	if (n == 0 || text[n] != '\0' || mode > 0777)
		bad_argument(option, text,
			     _("octal permissions are expected, such as 0660"));
	/* As procq_open() has it. */
	if (mode & 0444 & ~(mode << 1))
		bad_argument(option, text,
			     _("a user that may read a queue must be "
			       "allowed to write to it, too"));
	return (mode_t)mode;
}

int64_t option_duration(const char *option, const char *text)
{
	int64_t ns = 0;

	refuse(option, text, duration_parse(text, &ns));
	return ns;
}

void option_distribution(const char *option, const char *text,
			 struct distribution *out)
{
	refuse(option, text, distribution_parse(text, out));
}

static uint64_t amount(const char *option, const char *text,
		       const char *(*parse)(const char *, uint64_t *))
{
	uint64_t n = 0;

	refuse(option, text, parse(text, &n));
	return n;
}

uint64_t option_size(const char *option, const char *text)
{
	return amount(option, text, size_parse);
}

uint64_t option_load(const char *option, const char *text)
{
	return amount(option, text, headroom_parse_load);
}

void option_rate(const char *option, const char *text, struct rate *out)
{
	refuse(option, text, rate_parse(text, out));
}

struct extent option_extent(const char *option, const char *text,
			    struct extent least, struct extent most,
			    const char *expected)
{
	struct extent e;
	char end;

	/* So few digits fit. NOLINTBEGIN(cert-err34-c) */
	if (strspn(text, "0123456789x") != strlen(text) ||
	    sscanf(text, "%5ux%5u%c", &e.width, &e.height, &end) != 2 ||
	    e.width < least.width || e.width > most.width ||
	    e.height < least.height || e.height > most.height)
		bad_argument(option, text, expected);
	/* NOLINTEND(cert-err34-c) */
	return e;
}

int option_signal(const char *option, const char *text)
{
	int signo = signame_parse(text);

	if (signo < 0)
		bad_argument(option, text, _("no such signal"));
	return signo;
}

void option_seqs(const char *option, const char *text, struct seqs *out)
{
	refuse(option, text, seqs_add(out, text));
}

int option_word(const char *option, const char *text,
		const char *const *words)
{
	char why[256];
	size_t used;

	for (int i = 0; words[i]; i++)
		if (strcmp(text, words[i]) == 0)
			return i;
	used = (size_t)snprintf(why, sizeof(why), "%s",
				_("it has to be one of"));
	for (int i = 0; words[i] && used < sizeof(why); i++)
		used += (size_t)snprintf(why + used, sizeof(why) - used,
					 "%s %s", i > 0 ? "," : "", words[i]);
	bad_argument(option, text, why);
}

/* Is it "." or ".."? */
static bool is_folder(const char *name)
{
	name += *name == '/';
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool has_control(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return true;
	return false;
}

const char *option_queue(const char *given)
{
	char object[PROCQ_NAME_SIZE];
	const char *name = given;
	const char *why;
	int err;

	if (!name)
		name = getenv("PROCQ_QUEUE");
	/* An empty variable counts as none; an empty option is an error. */
	if (!name || (!given && *name == '\0'))
		name = "default";
	err = procq_object_name(name, object);
	if (err == 0)
		return name;
	if (err == -ENAMETOOLONG)
		why = _("it is longer than the system allows");
	else if (*name == '\0')
		why = _("it is empty");
	else if (is_folder(name))
		why = _("'.' and '..' are not allowed");
	else if (has_control(name))
		why = _("control characters are not allowed");
	else
		why = _("a slash is only allowed as its first character,"
			" before a name");
	if (given)
		usage_error(_("invalid queue name '%s': %s"), name, why);
	usage_error(_("invalid queue name '%s' in PROCQ_QUEUE: %s"), name,
		    why);
}
