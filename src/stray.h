/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stray.h - what a command leaves behind: processes that it has started, and
 * that outlive it.
 */
#ifndef STRAY_H
#define STRAY_H

#include "ending.h"

/** Name one of a group that has outlived the last step: an ending_outlived. */
void complain_outlived(void *arg, const struct ending *e);

/** The same, of what a consumer that is gone had begun to end: one that has its
 * group, and was there before its death. That is no proof: an
 * ending_unreached. */
void complain_unreached(void *arg, const struct procq_process *p);

#endif
