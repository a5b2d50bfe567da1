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

#endif
