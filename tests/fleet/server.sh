# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh
#
# server.sh - a PostgreSQL of the test's own: in a folder of its own, by an
# ordinary user, on a socket in that folder only. Sourced after kit/lib.sh.
#
#	server_begin		skips the test where there is none
#	sql [-U ROLE] TEXT	what the server answers: unaligned, no headings
#	server_kill		SIGKILL to it
#	server_again		starts it anew
#	server_end
#	server_use NAME		one of several: all of these, and sql, mean it
#	helper_of NAME		the helper of a queue
#	need_fleet		skips the test where the programs lack it
#	fleet_begin		server_begin, and what a fleet needs there; its
#				hosts connect to $url, and a person to $admin
#
# It must signal no process but those that it has started.

pg_bin=
for folder in /usr/lib/postgresql/*/bin; do
	[ ! -x "$folder/initdb" ] || pg_bin=$folder
done
pg_dir=
pg_pid=
# Of the server that is meant: its folder in $pg_dir, and what its processes are
# started by, and what is in their environment.
pg_data=data
pg_within=
pg_env=
fleet_sql=${builddir:-.}/../src/fleet/fleet.sql

# as_user COMMAND...: the server refuses to be root, and is no process of a
# queue
as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		$pg_within setpriv --reuid 65534 --regid 65534 --clear-groups \
			env -u PROCQ_QUEUE $pg_env "$@"
	else
		env -u PROCQ_QUEUE $pg_env "$@"
	fi
}

# skip_rest WHY: of a test, or all of it
skip_rest()
{
	[ "$number" -gt 0 ] || skip_all "$1"
	skip "what needs it" "$1"
	the_end
}

# need_fleet: whoever wants it finds procq-fleet
need_fleet()
{
	: "${abs_top_builddir:=$builddir/..}"
	PROCQ_BINDIR=$abs_top_builddir/src
	export PROCQ_BINDIR
	unset PROCQ_FLEET
	[ -x "$PROCQ_BINDIR/procq-fleet" ] || skip_rest "built without libpq"
}

server_begin()
{
	[ -n "$pg_bin" ] || skip_rest "no PostgreSQL"
	[ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null ||
		skip_rest "no setpriv"
	# Not in $dir, which is for one user. A socket's name has room for some
	# hundred bytes, and commas, blanks and the like mean something in lists
	# and addresses.
	pg_dir=${TMPDIR:-/tmp}
	case $pg_dir in
	*[!-+./0-9A-Z_a-z]*) pg_dir=/tmp ;;
	esac
	[ "${#pg_dir}" -le 60 ] || pg_dir=/tmp
	pg_dir=$(mktemp -d "$pg_dir/procq-pg.XXXXXX") || exit 99
	[ "$(id -u)" -ne 0 ] || chown 65534:65534 "$pg_dir"
	trap 'server_end; cleanup' EXIT
	PGDATABASE=postgres
	PGUSER=postgres
	PGTZ=UTC
	unset PGPORT PGSERVICE PGOPTIONS PGPASSWORD
	export PGHOST PGDATABASE PGUSER PGTZ
	server_use data
	server_make
	server_again
}

# server_use NAME: its socket is in the folder $PGHOST
server_use()
{
	pg_data=$1
	pg_socket=$pg_dir/$1.s
	PGHOST=$pg_socket
	pg_pid=
	[ -d "$pg_socket" ] || as_user mkdir "$pg_socket"
	[ ! -s "$dir/$1.pid" ] || pg_pid=$(cat "$dir/$1.pid")
}

# server_make: a new cluster
server_make()
{
	(cd "$pg_dir" && as_user "$pg_bin/initdb" -D "$pg_dir/$pg_data" \
		-U postgres -A trust -E UTF8 --no-locale --no-sync) \
		>"$dir/initdb.out" 2>&1 || {
		cat "$dir/initdb.out"
		exit 99
	}
}

# It waits until the processes of one that was killed have ended.
server_again()
{
	within 30 server_starts || {
		cat "$dir/pg_ctl.out" "$pg_dir/$pg_data.log"
		exit 99
	}
	head -n 1 "$pg_dir/$pg_data/postmaster.pid" >"$dir/$pg_data.pid"
	server_use "$pg_data"
	remember "$pg_pid"
}

# What a killed server leaves is then in its folder, not in /dev/shm.
server_starts()
{
	pg_control start -w -t 60 -l "$pg_dir/$pg_data.log" -o "-k '$pg_socket' \
		-c listen_addresses='' -c max_connections=60 \
		-c shared_buffers=16MB -c dynamic_shared_memory_type=mmap \
		${server_options-}" \
		>"$dir/pg_ctl.out" 2>&1
}

# pg_control COMMAND...
pg_control()
{
	(cd "$pg_dir" && as_user "$pg_bin/pg_ctl" -D "$pg_dir/$pg_data" "$@")
}

server_kill()
{
	send KILL "$pg_pid"
}

# server_stop: as an administrator does it
server_stop()
{
	pg_control stop -m fast -w >/dev/null 2>&1
}

server_end()
{
	[ -n "$pg_dir" ] || return 0
	for pg_socket in "$pg_dir"/*.s; do
		pg_data=${pg_socket##*/}
		pg_data=${pg_data%.s}
		[ ! -d "$pg_dir/$pg_data" ] ||
			pg_control stop -m immediate -w >/dev/null 2>&1
	done
	rm -rf "$pg_dir"
	pg_dir=
}

# sql [-U ROLE] TEXT
sql()
{
	role=postgres
	if [ "$1" = -U ]; then
		role=$2
		shift 2
	fi
	$limit psql -X -q -A -t -F ' ' -v ON_ERROR_STOP=1 -U "$role" -c "$1" \
		2>&1
}

schema()
{
	$limit psql -X -q -v ON_ERROR_STOP=1 -f "$fleet_sql" 2>&1
}

# fleet_schema: with a role of its hosts
fleet_schema()
{
	schema >/dev/null
	sql "CREATE ROLE a LOGIN IN ROLE procq_host" >/dev/null
}

fleet_begin()
{
	server_begin
	fleet_schema
	# shellcheck disable=SC2034 # the test uses it
	url='postgresql:///postgres?user=a#maya'
	# shellcheck disable=SC2034
	admin='postgresql:///postgres?user=postgres#maya'
}

# sql_is VALUE TEXT: for check and await; the server answers so
sql_is()
{
	same "$1" "$(sql "$2")"
}

# books_balance: of maya, and nothing is left
books_balance()
{
	sql_is "t 0" "SELECT started = retired + exited + lost + vanished +
		present, present FROM procq.stat('maya')"
}

# helper_of NAME: the process of the helper of queue $prefix-NAME
helper_of()
{
	grep -l -s -a -e "--queue=$prefix-$1" /proc/[0-9]*/cmdline |
		cut -d/ -f3 | while read -r pid; do
		{ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null |
			grep -q '^helper ' && echo "$pid"
	done | head -n 1
}

# no_helper NAME...: for await; none of these queues has one
no_helper()
{
	for queue do
		[ -z "$(helper_of "$queue")" ] || return 1
	done
}

# end_hosts NAME...: their producers, and with them their helpers
end_hosts()
{
	for queue do
		eval "end_by TERM \$${queue}_pid"
	done
}
