"""A page that measures itself: /metrics is for Prometheus."""

from flask import Flask
from prometheus_client import Counter, Histogram, make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware

app = Flask(__name__)
visits = Counter("visits", "Answers that were given", ["page"])
seconds = Histogram("answer_seconds", "How long an answer took")


@app.get("/")
@seconds.time()
def hello():
    visits.labels(page="hello").inc()
    return "Hello.\n"


application = DispatcherMiddleware(app, {"/metrics": make_wsgi_app()})
