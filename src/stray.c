/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.c - what a command leaves behind; see stray.h.
 */
#include <config.h>

#include <inttypes.h>
#include <stdint.h>

#include "procq.h"

#include "complain.h"
#include "i18n.h"
#include "stray.h"

void complain_outlived(void *arg, const struct ending *e)
{
	(void)arg;
	if (e->rest > 0)
		complain(_("process %d of the group of seq=%" PRIu64 " (%s) is "
			   "alive after the last signal"),
			 e->rest, e->process.seq, e->process.label);
	else
		complain(_("the group of seq=%" PRIu64 " (%s) is not empty "
			   "after the last signal"),
			 e->process.seq, e->process.label);
}
