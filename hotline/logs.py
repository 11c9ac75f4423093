"""Logs of all our processes: one line per event on standard error, callers' data masked.

`configure` is called once at each process's start; everything that libraries say (Twisted, the
standard library's logging, warnings) goes the same way.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import Any

import structlog
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher

from hotline.privacy import mask_event
from hotline.settings import Logging

STDERR = 2
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(settings: Logging, process: str) -> None:
    """Send this process's logs to standard error. `process`: edge, zygote, worker, controller …"""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    if settings.format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _Named(process),
            mask_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[settings.level]),
        logger_factory=lambda *_: _Line(),
        cache_logger_on_first_use=False,
    )
    _take_over_logging(settings)
    _take_over_twisted()


class _Named:
    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: Any, _method: str, event: Any) -> Any:
        event["process"] = self._process
        event["pid"] = os.getpid()
        return event


class _Line:
    """Writes a line at one stroke. A full disk or a closed terminal must never end a call."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            os.write(STDERR, message.encode("utf-8", "replace") + b"\n")

    debug = info = warning = warn = error = critical = exception = fatal = log = msg


class _Forward(logging.Handler):
    """The standard library's records as our events."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger()
        logger.log(record.levelno, record.getMessage(), source=record.name, exc_info=record.exc_info)


def _take_over_logging(settings: Logging) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Forward()]
    root.setLevel(max(LEVELS[settings.level], LEVELS["warning"]))
    logging.captureWarnings(True)


def _take_over_twisted() -> None:
    observer: Any = _from_twisted
    globalLogPublisher.removeObserver(observer)
    globalLogPublisher.addObserver(observer)


def _from_twisted(event: LogEvent) -> None:
    """Twisted's chatter stays out; its warnings and failures come as ours."""
    if event.get("log_level", LogLevel.info) < LogLevel.warn:
        return
    failure = event.get("log_failure")
    log = structlog.get_logger().bind(source=event.get("log_namespace"))
    if failure is not None:
        log.error("failure in the reactor", exception=failure.getTraceback())
    else:
        log.warning(formatEvent(event))

