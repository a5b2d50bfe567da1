# SPDX-License-Identifier: GPL-3.0-or-later
# chaos.sh - for the tests that run chaos or bounds: a PID namespace of their
# own, in which that is the first process.

# chaos PID_MAX OPTION..., bounds OPTION...: run it, as the last thing; PID_MAX
# 0: as it is
chaos()
{
	first_process chaos "$@"
}

bounds()
{
	first_process bounds 0 "$@"
}

first_process()
{
	program=$builddir/storm/$1
	max=$2
	shift 2
	for words in "unshare -p -f --mount-proc" \
		"unshare -U -r -p -f --mount-proc"; do
		$words true 2>/dev/null || continue
		[ "$max" -eq 0 ] && exec $words "$program" "$@"
		# A limit of the namespace's own: Linux 6.14.
		before=$(cat /proc/sys/kernel/pid_max)
		$words sh -c "echo $max >/proc/sys/kernel/pid_max" 2>/dev/null
		if [ "$(cat /proc/sys/kernel/pid_max)" != "$before" ]; then
			echo "$before" >/proc/sys/kernel/pid_max
			echo "1..0 # SKIP no pid_max for a namespace alone"
			exit 0
		fi
		exec $words sh -c \
			'echo "$0" >/proc/sys/kernel/pid_max &&
			exec "$@"' "$max" "$program" "$@"
	done
	echo "1..0 # SKIP no PID namespace to be had"
	exit 0
}
