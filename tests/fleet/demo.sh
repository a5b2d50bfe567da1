#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# demo.sh - make demo-fleet: one bound of ten over three hosts, for half a
# minute: a server that goes away, a host that is lost, the books. A host is a
# queue of its own on this machine, the server a PostgreSQL in a folder of its
# own. The commands are shown as one would type them; exit 1 if the bound is
# passed, or if the books don't balance. Touches no other queue or server.

. "${srcdir:-.}/kit/lib.sh"
. "${srcdir:-.}/fleet/server.sh"

PROCQ_BINDIR=${abs_top_builddir:-$builddir/..}/src
export PROCQ_BINDIR
[ -x "$PROCQ_BINDIR/procq-fleet" ] ||
	{ echo "demo-fleet: built without libpq" >&2; exit 1; }
[ -n "$pg_bin" ] || { echo "demo-fleet: no PostgreSQL server" >&2; exit 1; }
wrong=
# Every queue of the demonstration begins with this.
prefix=demo$$

say()
{
	printf '\n# %s\n' "$*"
}

# type_in ARGUMENT...: procq with these, as one would type it
type_in()
{
	printf '$ procq %s\n' "$*"
	"$PROCQ" "$@" || wrong="'procq $*' failed"
}

# of_fleet COMMAND [ARGUMENT...]: of the fleet's queue, not of one here
of_fleet()
{
	command=$1
	shift
	echo "$ procq $command --fleet=\"\$PROCQ_FLEET\"${*:+ $*}"
	"$PROCQ" "$command" --fleet="$PROCQ_FLEET" "$@" ||
		wrong="'procq $command --fleet' failed"
}

hosts()
{
	type_in hosts
	used=$(sql "SELECT used FROM procq.queue")
	[ "$used" -le 10 ] || wrong="$used of 10 slots were granted"
}

# host COLOUR: its queue, with a producer that never pauses
host()
{
	echo "$ producer --queue=$prefix-$1 -c 8 -d 0 -- sleep 1 &"
	launch "$1" env PROCQ_FLEET="$url" "$PRODUCER" --queue="$prefix-$1" \
		-c 8 -d 0 --quiet --no-summary -- sleep 1
}

all_started()
{
	for h in red green blue; do
		[ "$(stat_of STARTED "$prefix-$h")" -ge "$1" ] || return 1
	done
}

over()
{
	"$PROCQ" lease -q "$prefix-$1" | grep -q 'lease=over'
}

say "A database server for the demonstration, in a folder of its own."
server_begin
PROCQ_FLEET='postgresql:///postgres?user=postgres#maya'
export PROCQ_FLEET
echo "$ export PROCQ_FLEET='$PROCQ_FLEET'"
type_in fleet-init
of_fleet limit 10 --lease=6s --on-partition=keep
sql "CREATE ROLE render LOGIN IN ROLE procq_host" >/dev/null
url='postgresql:///postgres?user=render#maya'

say "Three hosts, each with room for eight; there are ten slots in all."
for h in red green blue; do
	host $h
done
await 60 all_started 6
hosts

say "The server goes away. When their lease is over, no host starts anything."
server_kill
await 60 over blue
type_in lease --queue="$prefix-blue"
say "It comes back, and they go on."
server_again
await 60 all_started $(($(stat_of STARTED "$prefix-red") + 8))
hosts

say "blue is lost with all that ran there. Its slots stay charged: nothing" \
	"proves to the server that its processes are gone."
helper=$(helper_of blue)
send KILL "$blue_pid"
finish "$blue_pid"
[ -z "$helper" ] || { remember "$helper"; send KILL "$helper"; }
sleep 7
hosts
say "Somebody who knows says so, and the others get them."
seat=$(sql "SELECT seat FROM procq.seat WHERE seat LIKE '%-blue'")
type_in release "$seat" --confirm="$seat"
sleep 2
hosts

say "The work is over: red and green end, and give back what they have."
for h in red green; do
	eval "send TERM \$${h}_pid; finish \$${h}_pid"
done
given_back()
{
	[ "$(sql "SELECT used FROM procq.queue")" -eq 0 ]
}
await 30 given_back
of_fleet stat
[ "$(sql "SELECT started = retired + exited + lost + vanished + present
	FROM procq.stat('maya')")" = t ] || wrong="the books do not balance"
server_end
if [ -n "$wrong" ]; then
	echo "demo-fleet: $wrong" >&2
	exit 1
fi
