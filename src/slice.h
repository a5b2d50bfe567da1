/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice.h - how soon this program runs once it is woken.
 */
#ifndef SLICE_H
#define SLICE_H

/**
 * Ask the scheduler for short slices of time. A program that needs little time
 * then runs as soon as it is woken, not when others have used up their slices.
 * Its share, nice value and policy stay, and so does a slice that is shorter
 * already. Linux 6.12; elsewhere, or if the kernel refuses, nothing happens.
 * See "Custom slices" in sched_setattr(2).
 */
void slice_shorten(void);

#endif
