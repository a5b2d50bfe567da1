-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- parts.sql - what a call is made of. The caller has locked the seat; nothing
-- here may be called from outside.

-- The queue, locked. If the server is not the one that it was, grants may be
-- forgotten: with 'end' they have all run out after a lease; else nothing but
-- a person knows which hosts have not come back.
--
-- One that was only started anew has forgotten nothing; but one that was put
-- back to an earlier state looks the same until a host says what it has heard.
-- Each that is alive does so within half a lease: a third, and a pause after a
-- failure.
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
	IF r.booted <> pg_postmaster_start_time() THEN
		UPDATE queue SET booted = pg_postmaster_start_time(),
			learning_until = greatest(learning_until,
			clock_timestamp() + r.lease_ms * interval '0.5 ms')
		WHERE name = q RETURNING * INTO r;
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

-- The endings of a seat are over, by proof or by a person's word; when that was
-- is not known, so the gap begins now.
CREATE OR REPLACE FUNCTION procq.end_permits(q text, s text) RETURNS void
LANGUAGE sql SET search_path = procq, pg_temp AS $$
	UPDATE permit SET ended = clock_timestamp()
		WHERE queue = q AND seat = s AND ended IS NULL;
	UPDATE seat SET ending_want = 0 WHERE queue = q AND seat = s;
$$;

-- May the holder of this seat say so? 'ok', or the code of the answer.
CREATE OR REPLACE FUNCTION procq.refuse(r procq.seat, e bigint, n bigint)
RETURNS text
LANGUAGE sql STABLE SET search_path = procq, pg_temp AS $$
	SELECT CASE WHEN r.seat IS NULL THEN 'unknown'
		WHEN r.owner <> session_user THEN 'denied'
		WHEN r.released IS NOT NULL AND r.epoch = e THEN 'released'
		WHEN r.epoch <> e THEN 'fenced'
		WHEN n <= r.seq THEN 'stale'
		ELSE 'ok' END;
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
	SELECT end_permits(q, s);
$$;

-- With 'end', what has run out is free again.
CREATE OR REPLACE FUNCTION procq.expire(q text, but text) RETURNS void
LANGUAGE plpgsql SET search_path = procq, pg_temp AS $$
DECLARE
	late text[];
BEGIN
	late := ARRAY (SELECT seat FROM seat x WHERE queue = q AND
		seat <> but AND until <= clock_timestamp() AND
		(granted > 0 OR EXISTS (SELECT FROM permit p WHERE
			p.queue = q AND p.seat = x.seat AND ended IS NULL))
		FOR UPDATE SKIP LOCKED);
	IF late <> '{}' THEN
		PERFORM lock_queue(q);
		PERFORM charge(q, s, 0), end_permits(q, s) FROM unnest(late) s;
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

