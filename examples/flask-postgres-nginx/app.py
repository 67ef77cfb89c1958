"""Notes: POST / keeps one, GET / shows all."""

from contextlib import closing

from flask import Flask, Response, request

import database

app = Flask(__name__)


def run(statement, *values):
    with closing(database.connect()) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


@app.get("/")
def show():
    notes = run("SELECT id, text FROM note ORDER BY id")
    return Response("".join(f"{number}. {text}\n" for number, text in notes), mimetype="text/plain")


@app.post("/")
def keep():
    text = request.form.get("text", "").strip()
    if not text:
        return Response("a note needs a text\n", status=400, mimetype="text/plain")
    (number,), = run("INSERT INTO note (text) VALUES (%s) RETURNING id", text)
    return Response(f"kept as {number}\n", status=201, mimetype="text/plain")


@app.get("/health")
def health():
    run("SELECT 1")
    return "fine\n"
