"""Counts the visits of each session. The sessions are in memcached, so any replica may answer."""

import os
import re
import secrets
import socket

from flask import Flask, Response, request
from pymemcache.client.base import PooledClient

app = Flask(__name__)
sessions = PooledClient(("sessions", 11211), max_pool_size=4, connect_timeout=2, timeout=2)
SESSION = re.compile(r"[0-9a-f]{32}")
LASTS = 3600  # seconds


@app.get("/")
def visit():
    session = request.cookies.get("session", "")
    if not SESSION.fullmatch(session):
        session = secrets.token_hex(16)
    sessions.add(session, "0", expire=LASTS, noreply=False)
    count = sessions.incr(session, 1)
    answer = Response(f"version {os.environ['VERSION']}, container {socket.gethostname()}: visit {count}\n",
                      mimetype="text/plain")
    answer.set_cookie("session", session, max_age=LASTS, httponly=True, samesite="Lax")
    return answer


@app.get("/health")
def health():
    sessions.version()
    return "fine\n"
