-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- people.sql - what people ask, and what an administrator does. What is asked
-- locks nothing.

CREATE OR REPLACE FUNCTION procq.hosts(q text) RETURNS TABLE (seat text,
	held int, in_use bigint, wants int, lease_ms bigint, state text,
	oldest_ms bigint, seen_ms bigint, released_by text, durable text,
	permits bigint, permit_ms bigint)
LANGUAGE sql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
	SELECT s.seat, granted, present, want,
		greatest(0, extract(epoch FROM
			until - clock_timestamp()) * 1000)::bigint,
		CASE WHEN released IS NOT NULL THEN 'released'
			WHEN until > clock_timestamp() THEN 'live'
			WHEN granted > 0 AND u.policy <> 'end' THEN 'cut-off'
			ELSE 'away' END,
		oldest_ms, (extract(epoch FROM
			clock_timestamp() - seen) * 1000)::bigint,
		released, durable, p.n, p.ms
	FROM seat s JOIN queue u ON u.name = queue, LATERAL (
		SELECT count(*), (extract(epoch FROM
			clock_timestamp() - min(since)) * 1000)::bigint
		FROM permit WHERE queue = q AND seat = s.seat AND
			ended IS NULL) p(n, ms)
	WHERE queue = q AND seen > '-infinity' ORDER BY s.seat;
$$;

-- started = retired + exited + lost + vanished + present, as of as_of: the
-- time of the oldest report of a seat that may have changed since.
CREATE OR REPLACE FUNCTION procq.stat(q text, OUT capacity int, OUT used int,
	OUT hosts bigint, OUT cut_off bigint, OUT waiting bigint,
	OUT policy text, OUT lease_ms int, OUT closed boolean,
	OUT learning boolean, OUT started bigint, OUT retired bigint,
	OUT exited bigint, OUT lost bigint, OUT vanished bigint,
	OUT present bigint, OUT as_of timestamptz, OUT durable text,
	OUT endings int, OUT gap_ms bigint, OUT ending bigint)
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
		durable(), nullif(u.endings, 0),
		CASE WHEN u.endings > 0 THEN u.gap_ms END,
		(SELECT count(*) FROM permit p WHERE p.queue = q AND
			p.ended IS NULL)
	FROM queue u LEFT JOIN seat ON queue = name
	WHERE name = q GROUP BY u.name;
$$;

-- ---- what an administrator does ----

-- Create a queue, or change it; NULL: as it is, or the default. gap: ms after
-- each ending; k: endings at once, 0: as many as one likes. A gap alone is for
-- one at a time.
--
--	created, changed
--	held		the policy can't change while hosts hold slots: some
--			of them would go on by the old one
CREATE OR REPLACE FUNCTION procq.set_limit(q text, n int, how text,
	ms int, gap bigint DEFAULT NULL, k int DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procq, pg_temp AS $$
DECLARE
	u queue;
	code text := 'changed';
BEGIN
	PERFORM begin_call();
	INSERT INTO queue (name, capacity, policy, lease_ms, origin)
	VALUES (q, n, coalesce(how, 'keep'), coalesce(ms, 60000), origin())
	ON CONFLICT DO NOTHING;
	IF FOUND THEN
		code := 'created';
	END IF;
	u := lock_queue(q);
	IF how <> u.policy AND u.used > 0 THEN
		RETURN 'held';
	END IF;
	k := coalesce(k, CASE WHEN gap IS NOT NULL AND u.endings = 0 THEN 1
		ELSE u.endings END);
	-- Hosts hear of it by their next call.
	UPDATE queue SET capacity = n, policy = coalesce(how, policy),
		lease_ms = coalesce(ms, lease_ms), endings = k,
		gap_ms = coalesce(gap, gap_ms),
		permits_from = CASE WHEN k > 0 AND u.endings = 0 AND
				EXISTS (SELECT FROM seat WHERE queue = q AND
					until > clock_timestamp())
			THEN clock_timestamp() + u.lease_ms * interval '1 ms'
			ELSE permits_from END
		WHERE name = q;
	INSERT INTO log (action, queue, slots) VALUES ('limit', q, n);
	RETURN code;
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
	PERFORM end_permits(q, s);
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

