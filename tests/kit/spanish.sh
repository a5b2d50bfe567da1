# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# spanish.sh - programs that speak Spanish before they are installed. Sourced
# after lib.sh. Must change nothing outside the test's own folder.

# learn_spanish: make the catalogue, and what leads the programs to it, as it is
# not where they look: $spanish_words, for env. If that can't be: false, and the
# reason in $no_spanish. The order of sanitizers' libraries is as good as any.
learn_spanish()
{
	locales=$dir/locales
	no_spanish=
	spanish_words="LC_ALL=C.UTF-8 LANGUAGE=es TEST_LOCALES=$locales \
		ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0 \
		LD_PRELOAD=$dir/place.so"
	if ! grep -q '^#define ENABLE_NLS 1' "$builddir/../config.h" 2>/dev/null
	then
		no_spanish="built without translations"
	elif ! command -v msgfmt >/dev/null; then
		no_spanish="no msgfmt"
	elif ! mkdir -p "$locales/es/LC_MESSAGES" ||
		! msgfmt -o "$locales/es/LC_MESSAGES/procq.mo" \
			"$srcdir/../po/es.po"; then
		no_spanish="msgfmt fails"
	elif ! make_place; then
		no_spanish="no compiler for a shared library"
	else
		spanish "$PROCQ" --help
		has "$dir/x.out" '^Modo de empleo' >/dev/null ||
			no_spanish="this system does not translate into Spanish"
	fi
	[ -z "$no_spanish" ]
}

make_place()
{
	cat >"$dir/place.c" <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

char *bindtextdomain(const char *domain, const char *folder);

char *bindtextdomain(const char *domain, const char *folder)
{
	char *(*next)(const char *, const char *);

	(void)folder;
	*(void **)&next = dlsym(RTLD_NEXT, "bindtextdomain");
	return next(domain, getenv("TEST_LOCALES"));
}
END
	# CC may be several words.
	# shellcheck disable=SC2086
	${CC:-cc} -shared -fPIC -o "$dir/place.so" "$dir/place.c" -ldl \
		>"$dir/cc.log" 2>&1
}

# spanish COMMAND...: as run x
spanish()
{
	# shellcheck disable=SC2086
	run x env $spanish_words "$@"
}
