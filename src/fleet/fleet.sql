-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- fleet.sql - the side of PostgreSQL of a fleet: one bound over many machines.
-- Must not know a process: only how many slots each seat holds, and what its
-- local queue has counted.
--
-- A seat is one local queue on one machine. What is charged to a seat
-- (seat.granted) is never less than the records that are not parked there:
--
--	a grant		is committed here first, then the host unparks
--	a return	the host parks first, then reports
--
-- so whatever is killed in between, the bound holds and slots are idle at
-- worst. Calls are absolute ("I have 9, I would like 12") and numbered: epoch
-- counts the attachments of a seat, seq the requests of one. What an earlier
-- helper, or a broken connection, still has under way is refused.
--
-- Locks, in this order: the seat; other seats, only with SKIP LOCKED; the
-- queue. So no two calls can wait for each other. A renewal that changes
-- nothing locks its own seat alone. All is READ COMMITTED, by row locks.
--
-- Run it as the role that is to own it, once, and again to upgrade:
--
--	psql -v ON_ERROR_STOP=1 -f fleet.sql

BEGIN;
SET LOCAL client_min_messages = warning;

DO $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'procq_host') THEN
		CREATE ROLE procq_host NOLOGIN;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'procq_admin') THEN
		CREATE ROLE procq_admin NOLOGIN;
	END IF;
END $$;

CREATE SCHEMA IF NOT EXISTS procq;

-- The version of what is below. A later one adds its steps to the block.
CREATE TABLE IF NOT EXISTS procq.version (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	version int NOT NULL
);

DO $$
DECLARE
	mine CONSTANT int := 1;
	found int := (SELECT version FROM procq.version);
BEGIN
	IF found > mine THEN
		RAISE EXCEPTION 'schema procq has version %, this is version %',
			found, mine
			USING HINT = 'Use the fleet.sql of the newer procq.';
	END IF;
	INSERT INTO procq.version (version) VALUES (mine)
		ON CONFLICT (one) DO UPDATE SET version = excluded.version;
END $$;

-- One row is changed by every grant: room on its page keeps the updates on it,
-- and vacuum comes early.
CREATE TABLE IF NOT EXISTS procq.queue (
	name text PRIMARY KEY
		CHECK (name ~ '^[^[:cntrl:]/]+$' AND length(name) <= 200),
	capacity int NOT NULL CHECK (capacity BETWEEN 1 AND 1073741824),
	used int NOT NULL DEFAULT 0 CHECK (used >= 0),	-- the sum of granted
	policy text NOT NULL CHECK (policy IN ('keep', 'end', 'continue')),
	lease_ms int NOT NULL CHECK (lease_ms BETWEEN 1000 AND 86400000),
	closed boolean NOT NULL DEFAULT false,
	-- Until then nothing is granted, because something may be forgotten.
	learning_until timestamptz NOT NULL DEFAULT '-infinity',
	origin text NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 500);

CREATE TABLE IF NOT EXISTS procq.seat (
	queue text NOT NULL REFERENCES procq.queue ON DELETE CASCADE,
	seat text NOT NULL
		CHECK (seat ~ '^[^[:cntrl:]]+$' AND length(seat) <= 400),
	owner text NOT NULL,		-- the role that has made it
	machine text NOT NULL,		-- what a reboot does not change
	boot text NOT NULL,		-- what it changes
	world text NOT NULL,		-- the PID namespace
	container boolean NOT NULL,	-- not the machine's first one
	life text NOT NULL,		-- which local queue of that name
	past text[] NOT NULL DEFAULT '{}',	-- the last ones before it
	epoch bigint NOT NULL,
	seq bigint NOT NULL DEFAULT 0,
	granted int NOT NULL DEFAULT 0 CHECK (granted >= 0),
	want int NOT NULL DEFAULT 0,
	waits timestamptz,		-- since when it wants more
	until timestamptz NOT NULL,
	seen timestamptz NOT NULL,
	released text,			-- by which role
	durable text NOT NULL DEFAULT '',
	-- The local queue's counters, and those of its earlier lives.
	started bigint NOT NULL DEFAULT 0,
	retired bigint NOT NULL DEFAULT 0,
	exited bigint NOT NULL DEFAULT 0,
	lost bigint NOT NULL DEFAULT 0,
	present bigint NOT NULL DEFAULT 0,
	oldest_ms bigint NOT NULL DEFAULT 0,
	past_started bigint NOT NULL DEFAULT 0,
	past_retired bigint NOT NULL DEFAULT 0,
	past_exited bigint NOT NULL DEFAULT 0,
	past_lost bigint NOT NULL DEFAULT 0,
	vanished bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (queue, seat)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 500);

-- What people have done.
CREATE TABLE IF NOT EXISTS procq.log (
	at timestamptz NOT NULL DEFAULT clock_timestamp(),
	role text NOT NULL DEFAULT session_user,
	action text NOT NULL,
	queue text NOT NULL,
	seat text,
	slots int
);

-- ---- the server ----

-- Which history of which cluster this is. After a failover, or a restore, it
-- is another one. pg_control_checkpoint() has the timeline only after the next
-- checkpoint; the name of the WAL file has it at once.
CREATE OR REPLACE FUNCTION procq.origin() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	SELECT system_identifier || '/' ||
		left(pg_walfile_name(pg_current_wal_lsn()), 8)
	FROM pg_control_system();
$$;

-- Can this server lose what it has acknowledged? '': no; else why.
CREATE OR REPLACE FUNCTION procq.durable() RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(', ',
		CASE WHEN current_setting('fsync') <> 'on'
			THEN 'fsync is off' END,
		CASE WHEN current_setting('full_page_writes') <> 'on'
			THEN 'full_page_writes is off' END,
		CASE WHEN EXISTS (SELECT FROM pg_stat_get_wal_senders() s
				  WHERE s.state = 'streaming') AND
			current_setting('synchronous_standby_names') = ''
			THEN 'its standby is asynchronous' END);
$$;

-- Every call that changes something begins with it. A role's own setting must
-- not make its grants less durable than the server is.
CREATE OR REPLACE FUNCTION procq.begin_call() RETURNS void
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
BEGIN
	IF current_setting('transaction_isolation') <> 'read committed' THEN
		RAISE EXCEPTION 'procq needs READ COMMITTED, not %',
			upper(current_setting('transaction_isolation'));
	END IF;
	-- So a request is not worked off long after it was sent.
	PERFORM set_config('lock_timeout', '5s', true);
	IF current_setting('synchronous_commit') IN ('off', 'local') THEN
		PERFORM set_config('synchronous_commit', 'on', true);
	END IF;
END $$;

-- ---- parts of a call. The caller has locked the seat ----

-- The queue, locked. If the server is not the one that it was, grants may be
-- forgotten: with 'end' they have all run out after a lease; else nothing but
-- a person knows which hosts have not come back.
CREATE OR REPLACE FUNCTION procq.lock_queue(q text) RETURNS procq.queue
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
DECLARE
	r queue;
BEGIN
	-- Not FOR UPDATE: that excludes what the foreign key of a new seat locks,
	-- and two new ones would wait for each other.
	SELECT * INTO r FROM queue WHERE name = q FOR NO KEY UPDATE;
	IF FOUND AND r.origin <> origin() THEN
		r := learn(r);
		UPDATE queue SET origin = origin() WHERE name = q
			RETURNING * INTO r;
	END IF;
	RETURN r;
END $$;

CREATE OR REPLACE FUNCTION procq.learn(r procq.queue) RETURNS procq.queue
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
BEGIN
	UPDATE queue SET learning_until = greatest(learning_until,
		CASE WHEN r.policy = 'end' THEN clock_timestamp() +
			r.lease_ms * interval '1 ms'
		ELSE 'infinity' END)
	WHERE name = r.name RETURNING * INTO r;
	RETURN r;
END $$;

CREATE OR REPLACE FUNCTION procq.charge(q text, s text, n int) RETURNS void
LANGUAGE sql SET search_path = procq, pg_temp AS $$
	UPDATE queue SET used = used - x.granted + n FROM seat x
		WHERE name = q AND x.queue = q AND x.seat = s;
	UPDATE seat SET granted = n WHERE queue = q AND seat = s;
$$;

-- A life of the local queue has ended, by proof or by a person's word: its
-- counters go to the past, and what was present has vanished.
CREATE OR REPLACE FUNCTION procq.end_life(q text, s text) RETURNS void
LANGUAGE sql SET search_path = procq, pg_temp AS $$
	UPDATE seat SET past_started = past_started + started,
		past_retired = past_retired + retired,
		past_exited = past_exited + exited,
		past_lost = past_lost + lost,
		vanished = vanished + present,
		started = 0, retired = 0, exited = 0, lost = 0, present = 0,
		oldest_ms = 0
	WHERE queue = q AND seat = s;
$$;

-- With 'end', what has run out is free again.
CREATE OR REPLACE FUNCTION procq.expire(q text, but text) RETURNS void
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
DECLARE
	late text[];
BEGIN
	late := ARRAY (SELECT seat FROM seat WHERE queue = q AND
		seat <> but AND granted > 0 AND until <= clock_timestamp()
		FOR UPDATE SKIP LOCKED);
	IF late <> '{}' THEN
		PERFORM lock_queue(q);
		PERFORM charge(q, s, 0) FROM unnest(late) s;
	END IF;
END $$;

-- A report whose counters do not add up, or go back, is not from a queue.
CREATE OR REPLACE FUNCTION procq.book(q text, s text, report jsonb)
RETURNS void
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
DECLARE
	r record;
BEGIN
	SELECT * INTO r FROM jsonb_to_record(report) x(started bigint,
		retired bigint, exited bigint, lost bigint, present bigint,
		oldest_ms bigint);
	UPDATE seat SET started = r.started, retired = r.retired,
		exited = r.exited, lost = r.lost, present = r.present,
		oldest_ms = coalesce(r.oldest_ms, 0)
	WHERE queue = q AND seat = s AND r.started >= started AND
		r.retired >= retired AND r.exited >= exited AND
		r.lost >= lost AND r.present >= 0 AND
		r.started = r.retired + r.exited + r.lost + r.present;
END $$;

-- ---- the calls of a host ----

-- A helper begins: the next epoch. What an earlier one has under way is
-- refused from now on. have: the records that are not parked; fenced: each of
-- them is in use, and none is left that is only granted.
--
--	ok		granted is what the seat is charged with
--	no-queue	there is no such queue here
--	denied		another role has made the seat
--	taken		slots are charged to another machine, boot or
--			container of this name, of which no proof is here that
--			its processes are gone. wait_ms: when to ask again; 0:
--			procq release
--	full		it has processes that the fleet has never known, and
--			there is no room for these
--	late		this life of the local queue, or this boot, has been
--			followed by another: a request from long ago
--	expired, released
--			what was granted is not any more: fence, and attach
CREATE OR REPLACE FUNCTION procq.attach(q text, s text, machine_id text,
	boot_id text, world_id text, in_container boolean, up_ms bigint,
	life_id text, host_epoch bigint, have int, fenced boolean,
	report jsonb,
	OUT code text, OUT epoch bigint, OUT granted int, OUT lease_ms int,
	OUT policy text, OUT wait_ms int, OUT durable text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r seat;
	u queue;
	t timestamptz;
	anew boolean := false;
	self text := concat_ws('/', boot_id, world_id, life_id);
BEGIN
	PERFORM begin_call();
	IF have NOT BETWEEN 0 AND 1048576 THEN
		RAISE EXCEPTION 'have is %, not 0 to 1048576', have;
	END IF;
	wait_ms := 0;
	durable := durable();
	IF NOT EXISTS (SELECT FROM queue WHERE name = q) THEN
		code := 'no-queue';
		RETURN;
	END IF;
	INSERT INTO seat (queue, seat, owner, machine, boot, world, container,
		life, epoch, until, seen)
	VALUES (q, s, session_user, machine_id, boot_id, world_id,
		in_container, life_id, 0, '-infinity', '-infinity')
	ON CONFLICT DO NOTHING;
	anew := FOUND;
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	u := lock_queue(q);
	t := clock_timestamp();
	policy := u.policy;
	lease_ms := u.lease_ms;
	IF r.owner <> session_user THEN
		code := 'denied';
		RETURN;
	END IF;
	IF self = ANY (r.past) THEN
		code := 'late';
		RETURN;
	END IF;
	IF r.released IS NOT NULL AND have > 0 AND NOT fenced AND
			(r.boot, r.world, r.life) = (boot_id, world_id, life_id)
	THEN
		code := 'released';
		RETURN;
	END IF;
	IF r.granted > 0 AND u.policy = 'end' AND r.until <= t THEN
		PERFORM charge(q, s, 0);
		r.granted := 0;
	END IF;
	IF r.granted > 0 AND (r.machine, r.boot, r.world) <>
			(machine_id, boot_id, world_id) THEN
		-- Only a boot that began after the last word of the one
		-- before it, on the same machine, outside of containers, is a
		-- proof; and that one must have had time to say another.
		IF r.machine <> machine_id OR r.boot = boot_id OR
				r.container OR in_container OR
				up_ms IS NULL OR
				t - up_ms * interval '1 ms' < r.seen THEN
			code := 'taken';
			RETURN;
		ELSIF r.until > t THEN
			code := 'taken';
			wait_ms := 1 + extract(epoch FROM r.until - t) * 1000;
			RETURN;
		END IF;
		PERFORM charge(q, s, 0);
		r.granted := 0;
	END IF;
	-- A queue loses its name only when it is empty: so if another one has
	-- it, in the same world, the old one is gone. Its new processes, if
	-- there are any, are charged below.
	IF (r.boot, r.world, r.life) <> (boot_id, world_id, life_id) THEN
		PERFORM end_life(q, s);
		PERFORM charge(q, s, 0);
		r.granted := 0;
		IF NOT anew THEN
			UPDATE seat SET past = (concat_ws('/', r.boot, r.world,
				r.life) || past)[1:64]
			WHERE queue = q AND seat = s;
		END IF;
	END IF;
	SELECT * INTO u FROM queue WHERE name = q;
	IF have > r.granted THEN
		-- Others may have what has run out.
		IF u.policy = 'end' AND NOT fenced AND
				u.learning_until <= t THEN
			code := 'expired';
			RETURN;
		END IF;
		IF host_epoch = 0 AND have > u.capacity - u.used + r.granted
		THEN
			code := 'full';
			IF anew THEN
				DELETE FROM seat WHERE queue = q AND seat = s;
			END IF;
			RETURN;
		END IF;
		-- It has been granted more than is known here.
		IF host_epoch > r.epoch OR (host_epoch = r.epoch AND
				host_epoch > 0 AND r.released IS NULL AND
				u.policy <> 'end') THEN
			u := learn(u);
		END IF;
		PERFORM charge(q, s, have);
		r.granted := have;
	ELSIF host_epoch > r.epoch THEN
		u := learn(u);
	END IF;
	UPDATE seat SET epoch = greatest(r.epoch, host_epoch) + 1, seq = 0,
		machine = machine_id, boot = boot_id, world = world_id,
		container = in_container, life = life_id, released = NULL,
		until = t + u.lease_ms * interval '1 ms', seen = t,
		durable = durable()
	WHERE queue = q AND seat = s RETURNING seat.epoch INTO epoch;
	PERFORM book(q, s, report);
	granted := r.granted;
	code := 'ok';
END $$;

-- The one call that all else rides on: heartbeat, ledger, grants, returns.
--
--	ok		at most granted records may be unparked, for lease_ms
--			from before the call was sent. recall: so many are to
--			be parked as they become free. wait_ms: when to call
--			again
--	stale		a later request has overtaken this one
--	fenced		another helper has attached
--	unknown		there is no such seat, or queue: attach
--	expired		the lease ran out, with 'end'; attach
--	released	by whom the seat was released, says role; attach
--	denied		another role has made the seat
CREATE OR REPLACE FUNCTION procq.lease(q text, s text, e bigint, n bigint,
	have int, wanted int, report jsonb, OUT code text, OUT granted int,
	OUT lease_ms int, OUT recall int, OUT wait_ms int, OUT policy text,
	OUT role text, OUT learning boolean, OUT closed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
#variable_conflict use_column
DECLARE
	r seat;
	u queue;
	t timestamptz;
	room int;
	ahead int;			-- slots for those that waited longer
	due int;			-- for all that wait
	active int;
	share int;
	line timestamptz;
BEGIN
	PERFORM begin_call();
	IF have NOT BETWEEN 0 AND 1048576 OR
			wanted NOT BETWEEN 0 AND 1048576 THEN
		RAISE EXCEPTION 'have and want are % and %, not 0 to 1048576',
			have, wanted;
	END IF;
	granted := 0;
	recall := 0;
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	IF NOT FOUND THEN
		code := 'unknown';
		RETURN;
	ELSIF r.owner <> session_user THEN
		code := 'denied';
		RETURN;
	ELSIF r.released IS NOT NULL AND r.epoch = e THEN
		code := 'released';
		role := r.released;
		RETURN;
	ELSIF r.epoch <> e THEN
		code := 'fenced';
		RETURN;
	ELSIF n <= r.seq THEN
		code := 'stale';
		RETURN;
	END IF;
	SELECT * INTO u FROM queue WHERE name = q;
	IF u.policy = 'end' THEN
		PERFORM expire(q, s);
	END IF;
	t := clock_timestamp();
	-- Nothing but the seat changes, if it has what it wants.
	IF NOT (r.granted = have AND wanted = have AND r.waits IS NULL AND
			u.used <= u.capacity AND u.origin = origin() AND
			r.until > t) THEN
		u := lock_queue(q);
		t := clock_timestamp();
	END IF;
	IF u.policy = 'end' AND r.until <= t THEN
		PERFORM charge(q, s, 0);
		code := 'expired';
		RETURN;
	END IF;
	IF have > r.granted THEN
		-- This server has forgotten a grant.
		u := learn(u);
	END IF;
	-- While others wait for less than an even share, theirs is kept for
	-- them: against more than the own share, for all; else, for those that
	-- have waited longer.
	line := coalesce(r.waits, t);
	active := 1 + (SELECT count(*) FROM seat WHERE queue = q AND
		seat <> s AND until > t AND want > 0);
	share := greatest(1, u.capacity / active);
	SELECT coalesce(sum(n), 0), coalesce(sum(n) FILTER (WHERE w < line), 0)
	INTO due, ahead FROM (
		SELECT least(want, share) - granted, waits FROM seat
		WHERE queue = q AND seat <> s AND until > t AND
			waits IS NOT NULL AND granted < share) x(n, w);
	room := u.capacity - u.used + r.granted - have;
	IF u.learning_until > t OR u.closed THEN
		room := 0;
	END IF;
	granted := have + greatest(0, least(wanted - have,
		greatest(least(room - ahead, share - have), room - due)));
	-- Who has more than its share gives it back. Where there are more seats
	-- than slots, all is given back, so that it goes round.
	IF granted <= have AND due > 0 AND
			u.capacity - u.used + r.granted - granted < due THEN
		recall := greatest(0, granted - CASE
			WHEN active > u.capacity THEN 0 ELSE share END);
	END IF;
	IF u.used - r.granted + granted > u.capacity THEN
		recall := greatest(recall, least(granted, ceil(
			(u.used - r.granted + granted - u.capacity)::numeric *
			granted / (u.used - r.granted + granted))::int));
	END IF;
	IF granted <> r.granted THEN
		PERFORM charge(q, s, granted);
	END IF;
	UPDATE seat SET seq = n, want = wanted,
		until = t + u.lease_ms * interval '1 ms', seen = t,
		waits = CASE WHEN wanted > granted THEN line END
	WHERE queue = q AND seat = s;
	PERFORM book(q, s, report);
	lease_ms := u.lease_ms;
	policy := u.policy;
	learning := u.learning_until > t;
	closed := u.closed;
	wait_ms := least(u.lease_ms / 3, CASE
		WHEN wanted <= granted AND recall = 0 THEN u.lease_ms / 3
		WHEN learning OR closed THEN 1000
		ELSE least(1000, 100 + 50 * ahead) END);
	code := 'ok';
END $$;

-- ---- what people ask ----

CREATE OR REPLACE FUNCTION procq.hosts(q text) RETURNS TABLE (seat text,
	held int, in_use bigint, wants int, lease_ms bigint, state text,
	oldest_ms bigint, seen_ms bigint, released_by text, durable text)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT seat, granted, present, want,
		greatest(0, extract(epoch FROM
			until - clock_timestamp()) * 1000)::bigint,
		CASE WHEN released IS NOT NULL THEN 'released'
			WHEN until > clock_timestamp() THEN 'live'
			WHEN granted > 0 AND u.policy <> 'end' THEN 'cut-off'
			ELSE 'away' END,
		oldest_ms, (extract(epoch FROM
			clock_timestamp() - seen) * 1000)::bigint,
		released, durable
	FROM seat JOIN queue u ON u.name = queue
	WHERE queue = q AND seen > '-infinity' ORDER BY seat;
$$;

-- started = retired + exited + lost + vanished + present, as of as_of: the
-- time of the oldest report of a seat that may have changed since.
CREATE OR REPLACE FUNCTION procq.stat(q text, OUT capacity int, OUT used int,
	OUT hosts bigint, OUT cut_off bigint, OUT waiting bigint,
	OUT policy text, OUT lease_ms int, OUT closed boolean,
	OUT learning boolean, OUT started bigint, OUT retired bigint,
	OUT exited bigint, OUT lost bigint, OUT vanished bigint,
	OUT present bigint, OUT as_of timestamptz, OUT durable text)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT u.capacity, u.used,
		count(*) FILTER (WHERE until > clock_timestamp()),
		count(*) FILTER (WHERE until <= clock_timestamp() AND
			granted > 0 AND u.policy <> 'end'),
		count(*) FILTER (WHERE until > clock_timestamp() AND
			waits IS NOT NULL),
		u.policy, u.lease_ms, u.closed,
		u.learning_until > clock_timestamp(),
		coalesce(sum(started + past_started), 0)::bigint,
		coalesce(sum(retired + past_retired), 0)::bigint,
		coalesce(sum(exited + past_exited), 0)::bigint,
		coalesce(sum(lost + past_lost), 0)::bigint,
		(coalesce(sum(vanished), 0) +
			coalesce(sum(present) FILTER (WHERE
				released IS NOT NULL), 0))::bigint,
		coalesce(sum(present) FILTER (WHERE
			released IS NULL), 0)::bigint,
		coalesce(min(seen) FILTER (WHERE granted > 0),
			clock_timestamp()),
		durable()
	FROM queue u LEFT JOIN seat ON queue = name
	WHERE name = q GROUP BY u.name;
$$;

-- ---- what an administrator does ----

-- Create a queue, or change it; NULL: as it is, or the default.
--
--	created, changed
--	held		the policy can't change while hosts hold slots: some
--			of them would go on by the old one
CREATE OR REPLACE FUNCTION procq.set_limit(q text, n int, how text,
	ms int) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
DECLARE
	u queue;
BEGIN
	PERFORM begin_call();
	INSERT INTO queue (name, capacity, policy, lease_ms, origin)
	VALUES (q, n, coalesce(how, 'keep'), coalesce(ms, 60000), origin())
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		INSERT INTO log (action, queue, slots) VALUES ('limit', q, n);
		RETURN 'created';
	END IF;
	u := lock_queue(q);
	IF how <> u.policy AND u.used > 0 THEN
		RETURN 'held';
	END IF;
	UPDATE queue SET capacity = n, policy = coalesce(how, policy),
		lease_ms = coalesce(ms, lease_ms) WHERE name = q;
	INSERT INTO log (action, queue, slots) VALUES ('limit', q, n);
	RETURN 'changed';
END $$;

-- Free what is charged to a seat, because its processes are known to be gone.
-- NULL: there is no such seat, or queue.
CREATE OR REPLACE FUNCTION procq.release(q text, s text) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
DECLARE
	r seat;
BEGIN
	PERFORM begin_call();
	SELECT * INTO r FROM seat WHERE queue = q AND seat = s FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	PERFORM lock_queue(q);
	PERFORM charge(q, s, 0);
	-- What was present there counts as vanished, unless it comes back.
	UPDATE seat SET released = session_user, want = 0, waits = NULL
		WHERE queue = q AND seat = s;
	INSERT INTO log (action, queue, seat, slots)
		VALUES ('release', q, s, r.granted);
	RETURN r.granted;
END $$;

-- Closed: nothing more is granted. Opened: it is, also if the server may have
-- forgotten something. false: there is no such queue.
CREATE OR REPLACE FUNCTION procq.set_closed(q text, shut boolean)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
BEGIN
	PERFORM begin_call();
	PERFORM lock_queue(q);
	UPDATE queue SET closed = shut, learning_until = CASE
		WHEN shut THEN learning_until ELSE '-infinity' END
		WHERE name = q;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	INSERT INTO log (action, queue)
		VALUES (CASE WHEN shut THEN 'close' ELSE 'open' END, q);
	RETURN true;
END $$;

-- ---- who may do what ----

REVOKE ALL ON SCHEMA procq FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA procq FROM PUBLIC, procq_host;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA procq
	FROM PUBLIC, procq_host, procq_admin;
GRANT USAGE ON SCHEMA procq TO procq_host, procq_admin;
GRANT EXECUTE ON FUNCTION procq.attach, procq.lease, procq.hosts,
	procq.stat TO procq_host;
GRANT EXECUTE ON FUNCTION procq.hosts, procq.stat, procq.set_limit,
	procq.release, procq.set_closed TO procq_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA procq TO procq_admin;

COMMIT;
