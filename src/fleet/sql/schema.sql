-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- schema.sql - the side of PostgreSQL of a fleet, one bound over many machines:
-- how it holds, and its tables. The other files here follow, in the order that
-- src/local.mk has; together they are one transaction.
--
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
--	procq fleet-init --print | psql -v ON_ERROR_STOP=1

BEGIN;
SET LOCAL client_min_messages = warning;

-- One at a time in this database: what is there already is looked for, then
-- made. Roles are of the whole cluster, where another database may be faster.
DO $$
DECLARE
	one text;
BEGIN
	PERFORM pg_advisory_xact_lock(hashtext('procq fleet-init'));
	FOREACH one IN ARRAY ARRAY['procq_host', 'procq_admin'] LOOP
		CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = one);
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN', one);
		EXCEPTION WHEN duplicate_object OR unique_violation THEN
			NULL;
		END;
	END LOOP;
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
			USING HINT = 'Use fleet-init of the newer procq.';
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
	-- So many endings at once, 0: as many as one likes; each followed by
	-- the gap. Until permits_from none is given: some hosts may not know
	-- yet that they are needed.
	endings int NOT NULL DEFAULT 0 CHECK (endings BETWEEN 0 AND 1048576),
	gap_ms bigint NOT NULL DEFAULT 0
		CHECK (gap_ms BETWEEN 0 AND 31536000000),
	permits_from timestamptz NOT NULL DEFAULT '-infinity',
	origin text NOT NULL,
	-- When the server was started that has worked on it last.
	booted timestamptz NOT NULL DEFAULT pg_postmaster_start_time()
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
	-- Permits that it waits for, when the oldest process was started that it
	-- would end, and until when that counts.
	ending_want int NOT NULL DEFAULT 0,
	ending_born timestamptz NOT NULL DEFAULT '-infinity',
	ending_until timestamptz NOT NULL DEFAULT '-infinity',
	PRIMARY KEY (queue, seat)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0,
	autovacuum_vacuum_threshold = 500);

-- Those that wait. No call changes what it is of but one that begins or ends a
-- wait, so the others' updates stay on their page.
CREATE INDEX IF NOT EXISTS seat_waits ON procq.seat (queue)
	WHERE waits IS NOT NULL;

-- Endings: under way, or over within the gap. See permit.sql.
CREATE TABLE IF NOT EXISTS procq.permit (
	queue text NOT NULL,
	seat text NOT NULL,
	number int NOT NULL CHECK (number BETWEEN 1 AND 31),
	since timestamptz NOT NULL,
	ended timestamptz,		-- when that was known here
	PRIMARY KEY (queue, seat, number),
	FOREIGN KEY (queue, seat) REFERENCES procq.seat ON DELETE CASCADE
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

