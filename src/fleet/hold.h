/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hold.h - what the queue's object has of the lease, and what it needs.
 *
 * Where they return false, the helper is to leave.
 */
#ifndef FLEET_HOLD_H
#define FLEET_HOLD_H

#include "helper.h"

/** Say that the object fails. @return false */
bool hold_fail(struct helper *h, int err);
/** Set what is granted, and until when. */
bool hold_set(struct helper *h, uint32_t granted, int64_t deadline,
	      uint64_t epoch);
/** Nothing is granted any more: what is left is in use. */
bool hold_fence(struct helper *h);
/** The same, because somebody has taken it back. */
bool hold_released(struct helper *h, const char *by);
/** Read what the object has, which an earlier helper may have set. */
bool hold_read(struct helper *h);
/** Read helper.stat. */
bool hold_count(struct helper *h);
/** How many records are not parked, or would not be if the local limit were
 * raised. */
uint32_t hold_have(const struct helper *h);
/** How many would be in use, if there were as many; and if there is more to
 * start than room, or each slot was used again since the last look, some more,
 * so that not each needs a request. */
uint32_t hold_want(const struct helper *h);

#endif
