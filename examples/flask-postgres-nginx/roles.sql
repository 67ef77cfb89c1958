-- Runs as superuser each time the job runs; everything but the password is there already then.
\set ON_ERROR_STOP on
\set password `cat /run/secrets/db_password`

SELECT 'CREATE ROLE notes LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'notes') \gexec
ALTER ROLE notes PASSWORD :'password';
SELECT 'CREATE DATABASE notes OWNER notes'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'notes') \gexec
