-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- rights.sql - who may do what, at the end, when all is there.

REVOKE ALL ON SCHEMA procq FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA procq FROM PUBLIC, procq_host;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA procq
	FROM PUBLIC, procq_host, procq_admin;
GRANT USAGE ON SCHEMA procq TO procq_host, procq_admin;
GRANT EXECUTE ON FUNCTION procq.attach, procq.lease, procq.permits, procq.hosts,
	procq.stat TO procq_host;
GRANT EXECUTE ON FUNCTION procq.hosts, procq.stat, procq.set_limit,
	procq.release, procq.set_closed TO procq_admin;
GRANT EXECUTE ON FUNCTION procq.queues, procq.show, procq.watch,
	procq.emptiness
	TO procq_host, procq_admin;
GRANT EXECUTE ON FUNCTION procq.remove TO procq_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA procq TO procq_admin;

COMMIT;
