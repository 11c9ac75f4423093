"""Many callers, one leak: reports that are alike are proposed or joined, and can be split again.

Nothing is merged away: the tickets stay, each with its address, and each is cleared by itself
(safety rule 7). Of the two pagings one ends, and releases nobody before the other is covered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.absorbing import absorb
from dispatch.commands import JoinIncidents, RefuseJoin
from dispatch.errors import NotAllowed, UnknownRecord
from dispatch.joined import Join
from dispatch.likeness import Likeness, Report, likeness, report_of
from dispatch.model import Incident, Ticket
from dispatch.states import IncidentState
from dispatch.work import Work


@dataclass(frozen=True, slots=True)
class Candidate:
    """An incident that a report may belong to."""

    incident: Incident
    found: Likeness
    ticket: str
    """Of that incident's reports the one that is most alike."""


def consider(work: Work, incident_id: str) -> str:
    """Look for the incident that this one's reports belong to. Returns the incident that has them then."""
    incident = work.need(Incident, incident_id)
    if not _joinable(work, incident):
        return incident_id
    candidates = _candidates(work, incident)
    if not candidates:
        return incident_id
    best = _with_crowd(work, candidates)
    policy = work.rules.joining
    if best.found.score >= policy.join_at and _firm(work, incident, best):
        return _join(work, incident, best)
    for one in candidates:
        if one.found.score >= policy.propose_at:
            _propose(work, incident, one)
    return incident_id


def join_by_person(work: Work, command: JoinIncidents) -> None:
    """Raises UnknownRecord, NotAllowed: without a name and reason, closed, made safe, drill and real."""
    source, into = work.get(Incident, command.incident), work.get(Incident, command.into)
    if source is None or into is None:
        raise UnknownRecord(command.incident if source is None else command.into)
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("incidents are joined by a named person, with a reason")
    if source.key == into.key:
        raise NotAllowed("an incident cannot be joined to itself")
    if source.drill != into.drill:
        raise NotAllowed("a drill is never joined with a real emergency")
    for one in (source, into):
        if not one.open:
            raise NotAllowed(f"{one.key} is over")
        if one.state == IncidentState.MADE_SAFE:
            raise NotAllowed(f"{one.key} is made safe: what was reported after that may be another leak")
    absorb(work, source.key, into.key, by=command.person, reason=command.reason)


def refuse(work: Work, command: RefuseJoin) -> None:
    """Not one leak, says a person. Raises UnknownRecord, NotAllowed."""
    key = f"J-{command.ticket}-{command.incident}"
    proposed = work.get(Join, key)
    if proposed is None:
        raise UnknownRecord(key)
    if not command.person.strip() or not command.reason.strip():
        raise NotAllowed("a proposal is refused by a named person, with a reason")
    if proposed.state != "proposed":
        raise NotAllowed(f"{key} is {proposed.state}; use split for what was joined")
    changes = {"state": "refused", "ended_at": work.now, "ended_by": command.person}
    work.put(proposed.model_copy(update={**changes, "end_reason": command.reason}))
    work.history(command.incident, "join_refused", author=command.person, ticket=command.ticket,
                 reason=command.reason)


def _firm(work: Work, incident: Incident, best: Candidate) -> bool:
    """Whether the place of the report whose paging would end is certain enough for that."""
    if best.found.named or not work.rules.joining.only_confirmed:
        return True
    later, _ = _order(incident, best.incident)
    return all(ticket.address_confirmed for ticket in work.tickets(work.need(Incident, later)))


def _joinable(work: Work, incident: Incident) -> bool:
    safe = incident.state == IncidentState.MADE_SAFE
    return incident.open and (not safe or work.rules.joining.into_made_safe)


def _candidates(work: Work, incident: Incident) -> list[Candidate]:
    """Open incidents that are at all alike, the best first; of equals the one reported first."""
    mine = [report_of(ticket) for ticket in work.tickets(incident)]
    if all(report.silent for report in mine):
        return []
    found = []
    for other in work.live(Incident):
        if other.key == incident.key or other.drill != incident.drill or not _joinable(work, other):
            continue
        one = _most_alike(work, mine, other)
        if one is not None and not _refused(work, incident, other):
            found.append(one)
    return sorted(found, key=lambda c: (-c.found.score, c.incident.reported_at, c.incident.key))


def _most_alike(work: Work, mine: Sequence[Report], other: Incident) -> Candidate | None:
    """None when nothing is alike, or when any two of the reports cannot be one leak."""
    best: Candidate | None = None
    for ticket in work.tickets(other):
        theirs = report_of(ticket)
        for report in mine:
            found = likeness(work.rules.joining, report, theirs)
            if found.apart:
                return None
            if found.score > (best.found.score if best else 0):
                best = Candidate(other, found, ticket.number)
    return best


def _with_crowd(work: Work, candidates: Sequence[Candidate]) -> Candidate:
    """The best, with more weight the more reports are alike: one street that smells is one leak."""
    policy, best = work.rules.joining, candidates[0]
    alike = sum(len(c.incident.tickets) for c in candidates if c.found.score >= policy.propose_at)
    more = min(policy.weights.crowd * max(alike - 1, 0), policy.weights.crowd_at_most)
    if not more or best.found.score < policy.propose_at:
        return best
    reasons = (*best.found.reasons, f"{alike} reports alike +{more:g}")
    score = round(best.found.score + more, 3)
    return Candidate(best.incident, Likeness(score, reasons, named=best.found.named), best.ticket)


def _refused(work: Work, incident: Incident, other: Incident) -> bool:
    """A person has said that they are two; neither way round are they likened again."""
    pairs = [(t, other.key) for t in incident.tickets] + [(t, incident.key) for t in other.tickets]
    found = (work.get(Join, f"J-{ticket}-{key}") for ticket, key in pairs)
    return any(
        join is not None and (join.state == "split" or (join.state == "refused" and join.ended_by != ""))
        for join in found
    )


def _join(work: Work, incident: Incident, best: Candidate) -> str:
    """The later report goes to the earlier incident; then those that were only proposed may follow."""
    first, second = sorted((incident, best.incident), key=lambda one: (one.reported_at, one.key))
    absorb(work, second.key, first.key, score=best.found.score, reasons=best.found.reasons)
    for waiting in [join for join in work.live(Join) if join.state == "proposed"]:
        ticket = work.get(Ticket, waiting.ticket)
        if ticket is None or first.key not in (waiting.incident, ticket.incident):
            continue
        other = work.get(Incident, ticket.incident if waiting.incident == first.key else waiting.incident)
        if other is not None and other.key != first.key and _joinable(work, other):
            again = _candidates(work, other)
            lifted = _with_crowd(work, again) if again else None
            sure = lifted is not None and _firm(work, other, lifted)
            if lifted and sure and lifted.found.score >= work.rules.joining.join_at:
                absorb(work, *_order(other, lifted.incident), score=lifted.found.score,
                       reasons=lifted.found.reasons)
    return first.key


def _order(one: Incident, other: Incident) -> tuple[str, str]:
    """Which goes into which: the later into the earlier."""
    first, second = sorted((one, other), key=lambda each: (each.reported_at, each.key))
    return second.key, first.key


def _propose(work: Work, incident: Incident, one: Candidate) -> None:
    """A dispatcher is asked; both are paged for as if they were two."""
    source, into = sorted((incident, one.incident), key=lambda i: (i.reported_at, i.key), reverse=True)
    key = f"J-{source.tickets[0]}-{into.key}"
    before = work.get(Join, key)
    if before is not None and before.score >= one.found.score:
        return
    work.put(
        Join(join_id=key, ticket=source.tickets[0], incident=into.key, was=source.key, state="proposed",
             score=one.found.score, reasons=one.found.reasons, drill=into.drill, at=work.now)
    )
    for subject in (source.key, into.key):
        work.history(subject, "join_proposed", incident=into.key, ticket=source.tickets[0],
                     score=one.found.score, why="; ".join(one.found.reasons))
