/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trouble.c - why a queue can't be opened, and what helps.
 *
 * Must not open one.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "safe.h"
#include "trouble.h"

/* What of its programs differs from this one. */
static const char *difference(uint32_t differs)
{
	switch (differs) {
	case PROCQ_DIFFERS_VERSION:
		return N_("another version of procq, with another layout");
	case PROCQ_DIFFERS_MACHINE:
		return N_("for another machine type (32 or 64 bits, byte "
			  "order, size of a page)");
	case PROCQ_DIFFERS_LOCKS:
		return N_("built to lock in another place");
	case PROCQ_DIFFERS_SEMAPHORE:
		return N_("built with semaphores of another kind");
	case PROCQ_DIFFERS_CLOCK:
		return N_("built to use another clock");
	}
	return N_("unknown");
}

static bool is_other_max(const struct procq_options *o)
{
	return o->max && o->max != o->found_max;
}

static void complain_other_capacity(const char *queue,
				    const struct procq_options *o)
{
	if (is_other_max(o))
		complain(_("queue '%s': it is built for at most %" PRIu32
			   " processes, not %" PRIu32), queue, o->found_max,
			 o->max);
	else
		complain(_("queue '%s': it has a capacity of %" PRIu32
			   ", not %" PRIu32), queue, o->found, o->capacity);
}

/* How a living queue gets what was asked for. */
static void advise_capacity(const char *queue, const struct procq_options *o)
{
	uint32_t wanted = o->capacity > o->max ? o->capacity : o->max;

	if (!is_other_max(o) && o->capacity <= o->found_max)
		complain(_("without --capacity it is used as it is; 'procq "
			   "limit %s %" PRIu32 "' changes it"),
			 shell_word(queue).text, o->capacity);
	else
		complain(_("without --capacity and --max it is used as it is; "
			   "to build it for %" PRIu32 ", end it first, with "
			   "'procq close --stop %s'"), wanted,
			 shell_word(queue).text);
}

void complain_unopened(const char *queue, const struct procq_options *options,
		       int err)
{
	uint32_t found = options->found;

	switch (err) {
	case -EEXIST:
		complain_other_capacity(queue, options);
		break;
	case -EPERM:
		complain(_("queue '%s': it belongs to the user with ID %"
			   PRIu32), queue, found);
		break;
	case -EPROTONOSUPPORT:
		complain(_("queue '%s': its programs are of another kind: %s"),
			 queue, _(difference(found)));
		break;
	case -EXDEV:
		complain(found & PROCQ_FOREIGN_TIME
			 ? _("queue '%s': it is of another time namespace")
			 : _("queue '%s': it is of another PID namespace"),
			 queue);
		break;
	case -EBUSY:
		complain(_("queue '%s': process %" PRIu32 " has locked its "
			   "object, and does not use it"), queue, found);
		break;
	case -ETIMEDOUT:
		complain(_("queue '%s': process %" PRIu32
			   " has not finished setting it up"), queue, found);
		break;
	case -ENOTSUP:
		complain(_("queue '%s': /proc is not mounted, and without it "
			   "its processes can't be identified"), queue);
		break;
	default:
		complain(_("queue '%s': %s"), queue, _(procq_strerror(err)));
		break;
	}
}

bool is_wreck(int err)
{
	return err == -EBADMSG || err == -EPROTONOSUPPORT ||
	       err == -ESTALE || err == -EXDEV;
}

#if PQ_USE_LINUX

/* Where the C library keeps the objects. */
# define SHM_DIRECTORY "/dev/shm"

bool shm_is_missing(void)
{
	return access(SHM_DIRECTORY, F_OK) < 0 && errno == ENOENT;
}

void complain_shm_missing(void)
{
	complain(_("there is no POSIX shared memory here: %s is missing"),
		 SHM_DIRECTORY);
	complain(_("root can create it with 'mkdir -p %s; mount -t tmpfs -o "
		   "mode=1777 tmpfs %s'"), SHM_DIRECTORY, SHM_DIRECTORY);
}

static void advise_other_name(const char *object, bool others)
{
	if (others)
		complain(_("choose another queue name; if nobody needs that "
			   "object, its owner or root can remove it with "
			   "'rm %s%s'"), SHM_DIRECTORY,
			 shell_word(object).text);
	else
		complain(_("it is %s%s; choose another queue name"),
			 SHM_DIRECTORY, object);
}

static void advise_access(void)
{
	if (access(SHM_DIRECTORY, W_OK | X_OK) < 0 && errno == EACCES)
		complain(_("every user has to be allowed to write to %s; root "
			   "can allow it with 'chmod 1777 %s'"),
			 SHM_DIRECTORY, SHM_DIRECTORY);
	else
		complain(_("the queue's creator has to allow it with "
			   "'producer --mode'"));
}

#else /* Where they are is unknown. */

bool shm_is_missing(void)
{
	return false;
}

void complain_shm_missing(void)
{
}

static void advise_other_name(const char *object, bool others)
{
	(void)others;
	complain(_("it is %s; choose another queue name"), object);
}

static void advise_access(void)
{
	complain(_("the queue's creator has to allow it with "
		   "'producer --mode'"));
}

#endif

/* Say what helps, if something does. */
static void advise(const char *queue, const struct procq_options *options,
		   int err)
{
	char object[PROCQ_NAME_SIZE];

	switch (err) {
	case -ENODEV:
	case -EPERM:
		if (procq_object_name(queue, object) == 0)
			advise_other_name(object, err == -EPERM);
		return;
	case -ENOENT:
		complain(_("'procq list' shows the queues on this machine"));
		return;
	case -EACCES:
		advise_access();
		return;
	case -EEXIST:
		advise_capacity(queue, options);
		return;
	case -ENOSPC:
		complain(_("with a smaller --capacity it takes less"));
		return;
	case -EFBIG:
		complain(_("'ulimit -f' sets the limit; with a smaller "
			   "--capacity it takes less"));
		return;
	case -EMFILE:
		complain(_("'ulimit -n' sets the limit"));
		return;
	case -EXDEV:
		if (options->found & PROCQ_FOREIGN_USED)
			complain(_("it is in use there; use it from inside "
				   "that namespace (container)"));
		else
			complain(_("no program uses it there; if none of its "
				   "processes lives on, 'procq remove --force "
				   "%s' removes it"),
				 shell_word(queue).text);
		return;
	case -EPROTONOSUPPORT:
		complain(_("use it by those programs; or, if nobody needs it, "
			   "'procq remove --force %s' removes it"),
			 shell_word(queue).text);
		return;
	}
	if (is_wreck(err))
		complain(_("if nobody needs it, 'procq remove --force %s' "
			   "removes it"), shell_word(queue).text);
}

void complain_open(const char *queue, const struct procq_options *options,
		   int err)
{
	if ((err == -ENOENT || err == -ENOSYS) && shm_is_missing()) {
		complain_shm_missing();
		return;
	}
	complain_unopened(queue, options, err);
	advise(queue, options, err);
}
