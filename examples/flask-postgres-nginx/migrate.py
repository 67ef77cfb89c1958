"""Brings the database to what this image expects: each file of migrations/ once, in their order, all or nothing."""

from contextlib import closing
from pathlib import Path

import database

with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_xact_lock(20221130)")  # one at a time
    cursor.execute("CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY)")
    cursor.execute("SELECT name FROM migration")
    done = {name for name, in cursor.fetchall()}
    for file in sorted(Path("migrations").glob("*.sql")):
        if file.name not in done:
            cursor.execute(file.read_text())
            cursor.execute("INSERT INTO migration VALUES (%s)", (file.name,))
            print(f"applied {file.name}", flush=True)
