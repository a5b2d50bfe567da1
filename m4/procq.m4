# SPDX-License-Identifier: GPL-3.0-or-later
# procq.m4 - what configure.ac asks more than once. Nothing here runs a
# program that it built.

# PQ_COMPILES(INCLUDES, BODY): sets pq_works to yes or no
AC_DEFUN([PQ_COMPILES],
[AC_COMPILE_IFELSE([AC_LANG_PROGRAM([$1], [$2])],
	[pq_works=yes], [pq_works=no])])

# PQ_LINKS(INCLUDES, BODY): the same, for what the C library must have
AC_DEFUN([PQ_LINKS],
[AC_LINK_IFELSE([AC_LANG_PROGRAM([$1], [$2])],
	[pq_works=yes], [pq_works=no])])

# PQ_LONG_TIMES: 64 bits for time_t where the C library has them on demand,
# which takes large files. After AC_SYS_LARGEFILE.
AC_DEFUN([PQ_LONG_TIMES],
[AC_MSG_CHECKING([for times after 2038])
PQ_COMPILES([[#include <time.h>]],
	[[static int enough[sizeof(time_t) > 4 ? 1 : -1]; return enough[0];]])
AS_VAR_IF([pq_works], [yes], [],
	[PQ_COMPILES([[#define _FILE_OFFSET_BITS 64
		#define _TIME_BITS 64
		#include <time.h>]],
		[[static int enough[sizeof(time_t) > 4 ? 1 : -1];
		return enough[0];]])
	AS_VAR_IF([pq_works], [yes],
		[AC_DEFINE([_TIME_BITS], [64],
			[Define to 64 if time_t has 64 bits on demand.])])])
AC_MSG_RESULT([$pq_works])])

# PQ_LINUX: sets PQ_USE_LINUX for what Linux always had: /proc, its system calls
# by number, where it has the shared memory.
AC_DEFUN([PQ_LINUX],
[AC_MSG_CHECKING([whether to use system calls and /proc of Linux])
AS_VAR_IF([enable_linux_features], [no], [pq_works=no],
	[PQ_COMPILES([[#ifndef __linux__
		# error
		#endif]])])
AC_MSG_RESULT([$pq_works])
AS_VAR_IF([pq_works], [yes],
	[AC_DEFINE([PQ_USE_LINUX], [1],
		[Define to 1 to use system calls and /proc of Linux.])])])

# PQ_FEATURE(NAME, MACRO, WHAT IT DOES, PROBE)
# The option --enable-NAME and, if it is on, PQ_USE_MACRO. PROBE sets pq_works.
# Left alone it follows the probe; asked for with yes, a failed probe is an
# error; the variable pq_use_NAME tells how it ended. Not cached: the option
# decides too.
AC_DEFUN([PQ_FEATURE],
[m4_pushdef([pq_var], m4_translit([$1], [-], [_]))dnl
AC_ARG_ENABLE([$1],
	[AS_HELP_STRING([--disable-$1], [do not $3])],
	[], [enable_[]pq_var=$enable_linux_features])
AC_MSG_CHECKING([whether to $3])
AS_CASE([$enable_[]pq_var], [no], [pq_works=no], [$4])
pq_use_[]pq_var=$pq_works
AC_MSG_RESULT([$pq_works])
AS_CASE([$enable_[]pq_var,$pq_works], [yes,no],
	[AC_MSG_ERROR([--enable-$1: not possible here])])
AS_VAR_IF([pq_works], [yes],
	[AC_DEFINE([PQ_USE_$2], [1], [Define to 1 to $3.])])
m4_popdef([pq_var])])

# PQ_CHECK_ATOMIC64(IF-YES, IF-NO)
# Always lock-free, without a library: a lock inside libatomic would be one
# per process, which is none at all between processes.
AC_DEFUN([PQ_CHECK_ATOMIC64],
[AC_CACHE_CHECK([for lock-free 64-bit atomics], [pq_cv_atomic64],
	[AC_LINK_IFELSE([AC_LANG_PROGRAM(
		[[#include <stdatomic.h>
		#include <stdint.h>
		#if ATOMIC_LLONG_LOCK_FREE != 2
		# error not lock-free
		#endif
		static _Atomic uint64_t word;]],
		[[uint64_t old = 0;
		return !atomic_compare_exchange_strong(&word, &old, 1);]])],
		[pq_cv_atomic64=yes], [pq_cv_atomic64=no])])
AS_VAR_IF([pq_cv_atomic64], [yes], [$1], [$2])])

# PQ_CHECK_VERSION_SCRIPT: can the linker be told which symbols to export?
AC_DEFUN([PQ_CHECK_VERSION_SCRIPT],
[AC_CACHE_CHECK([whether the linker takes --version-script],
	[pq_cv_version_script],
	[echo 'conftest { local: *; };' > conftest.map
	pq_saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[pq_cv_version_script=yes], [pq_cv_version_script=no])
	LDFLAGS=$pq_saved_LDFLAGS
	rm -f conftest.map])
AM_CONDITIONAL([HAVE_VERSION_SCRIPT],
	[test "$pq_cv_version_script" = yes])])

# PQ_CHECK_BIND_NOW: can all functions be found when a program is loaded?
# Appends what tells the linker so to PROCQ_LDFLAGS.
AC_DEFUN([PQ_CHECK_BIND_NOW],
[AC_CACHE_CHECK([whether the linker takes -z now],
	[pq_cv_bind_now],
	[pq_saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -Wl,-z,now"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[pq_cv_bind_now=yes], [pq_cv_bind_now=no])
	LDFLAGS=$pq_saved_LDFLAGS])
AS_VAR_IF([pq_cv_bind_now], [yes],
	[PROCQ_LDFLAGS="$PROCQ_LDFLAGS -Wl,-z,now"])])

# PQ_CHECK_NODELETE: can a shared library stay mapped after dlclose()?
# Substitutes what tells the linker so in PROCQ_NODELETE.
AC_DEFUN([PQ_CHECK_NODELETE],
[AC_CACHE_CHECK([whether the linker takes -z nodelete],
	[pq_cv_nodelete],
	[pq_saved_LDFLAGS=$LDFLAGS
	LDFLAGS="$LDFLAGS -Wl,-z,nodelete"
	AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
		[pq_cv_nodelete=yes], [pq_cv_nodelete=no])
	LDFLAGS=$pq_saved_LDFLAGS])
PROCQ_NODELETE=
AS_VAR_IF([pq_cv_nodelete], [yes], [PROCQ_NODELETE=-Wl,-z,nodelete])
AC_SUBST([PROCQ_NODELETE])])

# PQ_CHECK_CFLAGS(VARIABLE, FLAGS): substitutes those the compiler takes
# -Werror, since clang only warns of a warning that it does not know.
AC_DEFUN([PQ_CHECK_CFLAGS],
[$1=
pq_saved_CFLAGS=$CFLAGS
m4_foreach_w([pq_flag], [$2],
[AC_CACHE_CHECK([whether $CC takes ]pq_flag,
	[pq_cv_cflag]m4_translit(pq_flag, [-=], [__]),
	[CFLAGS="$pq_saved_CFLAGS -Werror pq_flag"
	AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
		[AS_VAR_SET([pq_cv_cflag]m4_translit(pq_flag, [-=], [__]),
			[yes])],
		[AS_VAR_SET([pq_cv_cflag]m4_translit(pq_flag, [-=], [__]),
			[no])])])
AS_VAR_IF([pq_cv_cflag]m4_translit(pq_flag, [-=], [__]), [yes],
	[$1="$$1 pq_flag"])
])CFLAGS=$pq_saved_CFLAGS
AC_SUBST([$1])])

# PQ_OPTIONAL(NAME, TEXT, MODULES)
# --with-NAME: yes, no, or where pkg-config finds MODULES. Sets $pq_with_NAME,
# NAME_CFLAGS, NAME_LIBS in capitals, and the conditional HAVE_NAME.
AC_DEFUN([PQ_OPTIONAL], [
AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1], [$2 (default: where $3 are)])],
	[], [with_$1=auto])
AS_VAR_SET([pq_with_$1], [no])
AS_VAR_IF([with_$1], [no], [],
	[PKG_CHECK_MODULES(m4_toupper([$1]), [$3],
		[AS_VAR_SET([pq_with_$1], [yes])],
		[AS_VAR_IF([with_$1], [auto], [],
			[AC_MSG_ERROR([--with-$1 needs these, found by pkg-config: $3])])])])
AM_CONDITIONAL([HAVE_]m4_toupper([$1]), [test "$pq_with_$1" = yes])
])

# PQ_COMPLETION_DIR(SHELL, PREFIX, FOLDER)
# --with-SHELL-completion-dir: where what SHELL completes is installed, FOLDER
# of datadir unless it is given; nowhere with "no". Substitutes
# PREFIX_COMPLETION_DIR.
AC_DEFUN([PQ_COMPLETION_DIR], [
AC_ARG_WITH([$1-completion-dir],
	[AS_HELP_STRING([--with-$1-completion-dir=DIR],
		[completion for $1 (default: DATADIR/$3)])],
	[], [with_$1_completion_dir=yes])
AS_CASE([$with_$1_completion_dir],
	[yes], [$2_COMPLETION_DIR='${datadir}/$3'],
	[no], [$2_COMPLETION_DIR=],
	[$2_COMPLETION_DIR=$with_$1_completion_dir])
AC_SUBST([$2_COMPLETION_DIR])
])
