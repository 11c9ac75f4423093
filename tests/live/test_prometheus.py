"""The dashboard's questions and the alert rules, put to a real Prometheus that scrapes real figures."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hotline.metrics import CONTENT_TYPE, Metrics
from tests.support.postgres import free_port

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "config/grafana/hotline.json"
RULES = ROOT / "config/prometheus/hotline.rules.yml"


def program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"no {name}: install it with `apt-get install prometheus`"
    return found


def exercise(metrics: Metrics) -> None:
    """One of everything, as a busy day brings it."""
    for drill in (False, True):
        metrics.call_answered(0.05, drill=drill)
        metrics.call_ended("main", "caller", 61.0, drill=drill)
        metrics.emergency_declared("speech", "smell", 0.4, drill=drill)
        metrics.first_page_sent(0.2, drill=drill)
        metrics.page_ordered("crew", 1, drill=drill)
        metrics.page_ended("accepted", drill=drill)
        metrics.emergency_accepted(30, drill=drill)
        metrics.crew_arrived(700, in_time=True, band="15", drill=drill)
        metrics.crew_arrived(2000, in_time=False, band="30", drill=drill)
        for part in ("turnout", "travel", "on_scene"):
            metrics.crew_took(part, 120, drill=drill)
        metrics.ticket_opened("indoor_repair", drill=drill)
        metrics.promise_ended("indoor_repair", kept=True, drill=drill)
        metrics.callback_requested("refused", drill=drill)
        metrics.worker_lost(drill=drill)
        metrics.call_failed("recogniser stuck", drill=drill)
    metrics.promises_overdue({"complaint": 2})
    metrics.incidents_open({"reported": 1})
    metrics.crews({"available": 2, "on_scene": 1})
    metrics.agents(2)
    metrics.conversations(3)
    metrics.database(up=True)
    metrics.edge(up=True, figures={"invites": 12})
    metrics.speech_model(present=True)
    metrics.journal_backlog(10)
    metrics.unaccepted_emergencies(0)
    metrics.calendar(missing_years=0)
    metrics.line(True)
    metrics.backup(last=datetime.now(UTC) - timedelta(hours=1), copying=True)


@pytest.fixture
def scraped() -> Iterator[int]:
    """A port on which busy figures can be scraped; they grow with every look."""
    metrics = Metrics()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            exercise(metrics)
            body = metrics.exposition()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


class Prometheus:
    """A real server with its own data, on a port of its own."""

    def __init__(self, folder: Path, target: int) -> None:
        self.port = free_port()
        config = folder / "prometheus.yml"
        config.write_text(
            json.dumps({
                "global": {
                    "scrape_interval": "200ms", "scrape_timeout": "200ms", "evaluation_interval": "1s",
                },
                "rule_files": [str(RULES)],
                "scrape_configs": [
                    {"job_name": "hotline", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
                ],
            })
        )  # fmt: skip
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}"],
            stdout=self._log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def get(self, path: str, **query: str) -> Any:
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[Any]:
        found: list[Any] = self.get("/api/v1/query", query=expression)["result"]
        return found

    def until_scraped(self, seconds: float = 60) -> None:
        """Until rates can be reckoned: several looks."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self._process.poll() is None, "prometheus has ended"
            try:
                seen = self.query('count_over_time(up{job="hotline"}[1m])')
            except OSError:
                seen = []
            if seen and float(seen[0]["value"][1]) >= 5:
                return
            threading.Event().wait(0.2)
        raise AssertionError("prometheus never scraped")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


@pytest.fixture
def prometheus(tmp_path: Path, scraped: int) -> Iterator[Prometheus]:
    server = Prometheus(tmp_path, scraped)
    yield server
    server.stop()


def queries() -> list[tuple[str, str]]:
    """(panel, expression) of the whole dashboard, with Grafana's variables filled in."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [
        (panel["title"], target["expr"].replace("$__rate_interval", "10s"))
        for panel in panels for target in panel.get("targets", ())
    ]


def test_every_question_of_the_dashboard_has_an_answer(prometheus: Prometheus) -> None:
    prometheus.until_scraped()
    assert len(queries()) > 30
    silent = [
        (title, expression) for title, expression in queries()
        if not any(series["value"][1] != "NaN" for series in prometheus.query(expression))
    ]
    assert silent == []


def test_every_rule_is_healthy_in_a_running_server(prometheus: Prometheus) -> None:
    prometheus.until_scraped()
    end = time.monotonic() + 30
    while True:
        groups = prometheus.get("/api/v1/rules")["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        if all(rule["health"] == "ok" for rule in rules) or time.monotonic() > end:
            break
        threading.Event().wait(0.3)
    assert len(rules) >= 14
    assert {rule["name"]: rule["health"] for rule in rules if rule["health"] != "ok"} == {}


def test_promtool_finds_no_fault_in_rules_and_configuration() -> None:
    for command in (
        ["check", "rules", str(RULES)], ["check", "config", str(ROOT / "config/prometheus/prometheus.yml")],
        ["test", "rules", str(ROOT / "tests/data/hotline.rules.test.yml")],
    ):  # fmt: skip
        done = subprocess.run([program("promtool"), *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
