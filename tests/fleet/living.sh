# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# living.sh - an oracle: how many processes of all hosts are alive. Each holds a
# lock on a file of its own while it lives, which the kernel takes with it,
# whatever ends it; nothing of procq is asked. Sourced after kit/lib.sh.
#
#	"$dir/worker" "$dir"	what the hosts are to start; it lives a second
#	living			how many are alive
#	look			the same, of which the most are in $most

mkdir "$dir/alive" "$dir/new"
cat >"$dir/worker" <<'END'
#!/bin/sh
# The lock goes with the process, whatever ends it.
exec 9>"$1/new/$$"
flock 9
mv "$1/new/$$" "$1/alive/$$"
exec sleep "${2:-1}"
END
chmod +x "$dir/worker"

# living: how many hold their lock. A look counts those of the files there at
# its beginning that are still locked when it comes to them: never too many.
living()
{
	n=0
	for file in "$dir"/alive/*; do
		[ -e "$file" ] || continue
		if flock -n "$file" true 2>/dev/null; then
			rm -f "$file"
		else
			n=$((n + 1))
		fi
	done
	echo $n
}

most=0
look()
{
	now=$(living)
	[ "$now" -le "$most" ] || most=$now
}
