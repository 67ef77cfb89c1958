-- Runs as superuser each time the job runs; everything but the last line is there already then.
\set ON_ERROR_STOP on
\getenv password WEB_PASSWORD

SELECT 'CREATE DATABASE visits'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'visits') \gexec
SELECT 'CREATE ROLE web LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'web') \gexec
ALTER ROLE web PASSWORD :'password';

\connect visits
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS visit (
  id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at   timestamptz NOT NULL DEFAULT now(),
  note text NOT NULL
);
GRANT SELECT ON visit TO web;

INSERT INTO visit (note) SELECT 'seed job, run ' || count(*) + 1 FROM visit;
