"""Figures appear under their names; drills stand beside the real ones, never among them."""

from __future__ import annotations

from hotline.metrics import Metrics


def lines(metrics: Metrics) -> list[str]:
    return metrics.exposition().decode().splitlines()


def test_calls_and_emergencies() -> None:
    metrics = Metrics()
    metrics.call_answered(0.04)
    metrics.call_ended("main", "caller", 61.0)
    metrics.emergency_declared("speech", "smell", 0.4)
    metrics.emergency_declared("key", "smell", drill=True)
    metrics.first_page_sent(0.5)
    metrics.page_ended("no_answer")
    metrics.page_ended("accepted")
    metrics.emergency_accepted(70)
    metrics.crew_arrived(700, in_time=True, band="15")
    metrics.callback_requested("refused")
    metrics.ticket_opened("repair")
    metrics.worker_lost()
    metrics.call_failed("recogniser stuck")
    said = lines(metrics)
    for line in (
        'hotline_answer_seconds_bucket{drill="no",le="0.05"} 1.0',
        'hotline_calls_total{drill="no",entry="main",outcome="caller"} 1.0',
        'hotline_emergencies_total{by="speech",drill="no",hazard="smell"} 1.0',
        'hotline_emergencies_total{by="key",drill="yes",hazard="smell"} 1.0',
        'hotline_phrase_to_emergency_seconds_bucket{drill="no",le="0.5"} 1.0',
        'hotline_emergency_to_page_seconds_sum{drill="no"} 0.5',
        'hotline_pages_total{drill="no",outcome="accepted"} 1.0',
        'hotline_arrivals_total{band="15",drill="no",in_time="yes"} 1.0',
        'hotline_callbacks_total{drill="no",reason="refused"} 1.0',
        'hotline_tickets_total{business="repair",drill="no"} 1.0',
        'hotline_workers_lost_total{drill="no"} 1.0',
        'hotline_recogniser_failures_total{drill="no"} 1.0',
    ):
        assert line in said


def test_how_things_stand() -> None:
    metrics = Metrics()
    metrics.database(up=True)
    metrics.edge(up=True, figures={"invites": 12})
    metrics.journal_backlog(4096)
    metrics.agents(2)
    metrics.speech_model(present=False)
    metrics.calendar(missing_years=1)
    metrics.unaccepted_emergencies(1)
    said = lines(metrics)
    for line in ("hotline_database_up 1.0", "hotline_edge_up 1.0", 'hotline_edge{name="invites"} 12.0',
                 "hotline_journal_backlog_bytes 4096.0", "hotline_agents_reachable 2.0",
                 "hotline_speech_model_present 0.0", "hotline_calendar_missing_years 1.0",
                 "hotline_emergencies_unaccepted 1.0"):
        assert line in said
