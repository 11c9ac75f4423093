"""A service standard as it is in force: a profile with all that it takes over from the one it follows."""

from __future__ import annotations

from collections.abc import Mapping

from dispatch.deadlines.grammar import (
    EMERGENCY,
    Business,
    Clock,
    DistanceBands,
    Duty,
    Follows,
    Pause,
    Profile,
    Section,
    Unfigured,
)


class ProfileFault(ValueError):
    """Profiles contradict each other; the field of the profile at fault is named."""

    def __init__(self, profile: str, location: tuple[str | int, ...], message: str) -> None:
        super().__init__(f"{profile}: {'.'.join(str(part) for part in location)}: {message}")
        self.profile, self.location, self.message = profile, location, message


class Standard(Section):
    """Every promise that a company is held to, with its clause."""

    name: str
    title: str
    document: str
    follows: str = ""
    """The standard from which it takes over what it does not say itself."""
    businesses: dict[str, Business]
    duties: dict[str, Duty]
    clock: Clock
    pauses: tuple[Pause, ...]

    def clock_of(self, business: str) -> Clock:
        found = self.businesses.get(business)
        return found.clock if found and found.clock else self.clock




def lineage(name: str, profiles: Mapping[str, Profile]) -> tuple[str, ...]:
    """The profile and those it follows, itself first. Raises ProfileFault for a missing one or a ring."""
    found = [name]
    while (follows := profiles[found[-1]].follows) is not None:
        if follows.standard in found:
            raise ProfileFault(found[-1], ("follows", "standard"), "that one follows this one itself")
        if follows.standard not in profiles:
            raise ProfileFault(found[-1], ("follows", "standard"), f"there is no profile {follows.standard}")
        found.append(follows.standard)
    return tuple(found)


def resolve(name: str, profiles: Mapping[str, Profile]) -> Standard:
    """The standard of that name. Raises ProfileFault where profiles contradict each other."""
    names = lineage(name, profiles)
    businesses: dict[str, Business] = {}
    duties: dict[str, Duty] = {}
    clock: Clock | None = None
    pauses: tuple[Pause, ...] = ()
    for each in reversed(names):
        profile = profiles[each]
        if profile.follows is not None:
            businesses = {key: taken_over(one, profile.follows) for key, one in businesses.items()}
            duties = {key: _renamed(one, profile.follows) for key, one in duties.items()}
        for index, key in enumerate(profile.without):
            if businesses.pop(key, None) is None and duties.pop(key, None) is None:
                raise ProfileFault(each, ("without", index), f"the followed profile has no {key}")
        businesses |= profile.businesses
        duties |= profile.duties
        clock = profile.clock or clock
        pauses = profile.pauses if profile.pauses is not None else pauses
    if clock is None:
        raise ProfileFault(name, ("clock",), "is missing, and no followed profile has one")
    _check_emergency(name, businesses)
    _check_pauses(name, pauses, businesses)
    profile = profiles[name]
    return Standard(
        name=name, title=profile.title, document=profile.document, follows=names[1] if names[1:] else "",
        businesses=businesses, duties=duties, clock=clock, pauses=pauses,
    )


def taken_over(business: Business, follows: Follows) -> Business:
    """The same promise, with the clause that keeps it in force before its own."""
    stages = tuple(
        plan.model_copy(update={"clause": _joined(follows.clause, plan.clause)}) if plan.clause else plan
        for plan in business.stages
    )
    return business.model_copy(update={"clause": _joined(follows.clause, business.clause), "stages": stages})


def distance_bands(standard: Standard) -> DistanceBands | None:
    """The bands within which a crew must arrive; None where the promise does not hang on the distance."""
    promises = (plan.promise for plan in standard.businesses[EMERGENCY].stages)
    return next((promise for promise in promises if isinstance(promise, DistanceBands)), None)


def _renamed(duty: Duty, follows: Follows) -> Duty:
    return duty.model_copy(update={"clause": _joined(follows.clause, duty.clause)})


def _joined(first: str, second: str) -> str:
    return f"{first}, {second}" if first else second


def _check_emergency(name: str, businesses: Mapping[str, Business]) -> None:
    if EMERGENCY not in businesses:
        raise ProfileFault(name, ("businesses",), "has no emergency; a suspected leak must have its promise")
    for index, plan in enumerate(businesses[EMERGENCY].stages):
        where = ("businesses", EMERGENCY, "stages", index, "promise")
        if isinstance(plan.promise, Unfigured) and plan.promise.kind == "by_contract":
            raise ProfileFault(name, where, "an emergency never waits for a contract")


def _check_pauses(name: str, pauses: tuple[Pause, ...], businesses: Mapping[str, Business]) -> None:
    for index, pause in enumerate(pauses):
        for field, keys in (("only", pause.only), ("never", pause.never)):
            for place, key in enumerate(keys):
                if key not in businesses:
                    raise ProfileFault(name, ("pauses", index, field, place), f"there is no business {key}")
