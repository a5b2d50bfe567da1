/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice.h - how soon this program runs once it is woken.
 */
#ifndef SLICE_H
#define SLICE_H

/**
 * Ask the scheduler for short slices of time: who needs little at a time is
 * then run at once when it is woken, not when those who compute have used up
 * theirs. Its share, its nice value and its policy stay; slices that are
 * shorter already, too. Linux 6.12; elsewhere, or where it is refused, nothing
 * happens. See "Custom slices" in sched_setattr(2).
 */
void slice_shorten(void);

#endif
