/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * syscalls.h - the numbers of system calls that are younger than some libc's
 * headers. They are the same on all machines.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#if defined __linux__
# include <sys/syscall.h>
#endif

#ifndef SYS_pidfd_send_signal
# define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
# define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
# define SYS_clone3 435
#endif
#ifndef SYS_close_range
# define SYS_close_range 436
#endif
#ifndef SYS_futex_waitv
# define SYS_futex_waitv 449
#endif

#endif
