"""Counts its visitors."""

import os

import redis
from flask import Flask

app = Flask(__name__)
visits = redis.Redis(host=os.environ.get("REDIS_HOST", "redis"))


@app.route("/")
def hello():
    return f"{os.environ.get('GREETING', 'Hello')}, visitor number {visits.incr('visits')}.\n"


@app.route("/health")
def health():
    visits.ping()
    return "fine\n"
