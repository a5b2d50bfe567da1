/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.c - what a helper has to say, once each; see tell.h. Must not decide
 * anything.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "complain.h"
#include "i18n.h"

#include "tell.h"

void tell(struct helper *h, const char *text)
{
	if (strcmp(h->said, text) == 0)
		return;
	snprintf(h->said, sizeof(h->said), "%s", text);
	if (h->service || !h->attached)
		complain("%s", text);
	else
		syslog(LOG_NOTICE, "queue %s: %s", procq_object(h->q), text);
}

void tell_why(struct helper *h)
{
	char text[sizeof(h->said)];

	snprintf(text, sizeof(text), _("'%s' does not answer: %s"),
		 h->f->url.shown, h->f->engine.why);
	tell(h, text);
}

/* Messages went to whoever has started this; now that all is well, to the
 * system's log. */
void tell_settle(struct helper *h, const char *durable)
{
	char text[sizeof(h->said)];

	if (!h->service) {
		fflush(stderr);
		if (!freopen("/dev/null", "w", stderr))
			h->service = true;
	}
	if (!*durable)
		return;
	snprintf(text, sizeof(text), _("'%s' can lose what it has "
		 "acknowledged (%s): the bound then does not hold"),
		 h->f->url.shown, durable);
	tell(h, text);
}
