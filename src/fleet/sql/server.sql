-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- server.sql - which server this is, what it may lose, and how each call begins.
-- Must not know a queue.

-- Which history of which cluster this is. After a failover, or a restore, it
-- is another one. pg_control_checkpoint() has the timeline only after the next
-- checkpoint; the name of the WAL file has it at once.
CREATE OR REPLACE FUNCTION procq.origin() RETURNS text
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	SELECT system_identifier || '/' ||
		left(pg_walfile_name(pg_current_wal_lsn()), 8)
	FROM pg_control_system();
$$;

-- Can this server lose what it has acknowledged? '': no; else why. A role that
-- may not see how a standby is doing takes it for one.
CREATE OR REPLACE FUNCTION procq.durable() RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
	SELECT concat_ws(', ',
		CASE WHEN current_setting('fsync') <> 'on'
			THEN 'fsync is off' END,
		CASE WHEN current_setting('full_page_writes') <> 'on'
			THEN 'full_page_writes is off' END,
		CASE WHEN EXISTS (SELECT FROM pg_stat_get_wal_senders() s
			WHERE coalesce(s.state, 'streaming') = 'streaming' AND
			(s.sync_state IN ('async', 'potential') OR
			current_setting('synchronous_standby_names') = ''))
			THEN 'a standby is asynchronous' END);
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

