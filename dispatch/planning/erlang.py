"""Queueing theory where it has closed forms: how long callers wait for c people who answer (Erlang C).

Offered load in erlangs: arrivals per hour times hours per service. Everything here holds for random
arrivals (Poisson), exponential service times and callers who never hang up: an upper bound for a
hotline whose callers do.
"""

from __future__ import annotations

import math


def erlang_b(servers: int, load: float) -> float:
    """The share of arrivals that find all servers busy when nobody waits, by the stable recursion."""
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked


def waiting_probability(servers: int, load: float) -> float:
    """Erlang C: the share of arrivals that wait. 1 where the servers cannot keep up."""
    if servers <= load:
        return 1.0
    blocked = erlang_b(servers, load)
    return servers * blocked / (servers - load * (1 - blocked))


def mean_wait(servers: int, load: float, service: float) -> float:
    """Of all arrivals, in the unit of the mean `service` time; infinite where they cannot keep up."""
    if servers <= load:
        return math.inf
    return waiting_probability(servers, load) * service / (servers - load)


def share_within(servers: int, load: float, service: float, limit: float) -> float:
    """The share of arrivals that are served within the limit."""
    if servers <= load:
        return 0.0
    return 1 - waiting_probability(servers, load) * math.exp(-(servers - load) * limit / service)


def servers_for(load: float, service: float, limit: float, share: float) -> int:
    """The fewest servers with whom that share is served within the limit."""
    if not 0 < share < 1:
        raise ValueError("the share lies between 0 and 1")
    servers = max(1, math.floor(load) + 1)
    while share_within(servers, load, service, limit) < share:
        servers += 1
    return servers
