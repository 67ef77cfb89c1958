"""The way to the database: PGHOST, PGDATABASE and PGUSER say where, a secret says who we are."""

from pathlib import Path

import psycopg2


def connect():
    return psycopg2.connect(password=Path("/run/secrets/db_password").read_text().strip(), connect_timeout=5)
