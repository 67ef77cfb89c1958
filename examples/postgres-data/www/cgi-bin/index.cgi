#!/bin/sh
# The rows of the database as a small page. PGHOST, PGUSER and friends come from stack.yaml.
rows=$(/usr/lib/postgresql/15/bin/psql --no-psqlrc --no-align --tuples-only --field-separator=' | ' \
  --command="SELECT id, to_char(at, 'YYYY-MM-DD HH24:MI:SS'), note FROM visit ORDER BY id" 2>&1) ||
  printf 'Status: 503 Service Unavailable\r\n'
printf 'Content-Type: text/plain; charset=utf-8\r\n\r\n'
printf '%s from PostgreSQL. Rows in table visit:\n%s\n' "$GREETING" "$rows"
