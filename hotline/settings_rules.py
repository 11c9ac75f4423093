"""What must be true between the keys of a configuration, and of the files it names.

Pure functions of the settings (file checks look at the disk): each gives findings, a location in
the file and what to do there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from hotline.settings import Settings

Location = tuple[str | int, ...]
Finding = tuple[Location, str]

PORTS_PER_CONVERSATION = 8
"""Four legs (caller, agent, partner, supervisor), RTP and RTCP each."""

LONGEST_RUN_FOLDER_BYTES = 90
"""`/controller.sock` and a NUL must fit into the 108 bytes of sockaddr_un."""


def rule_faults(settings: Settings) -> list[Finding]:
    """Contradictions between keys; nothing on the disk is looked at."""
    return [finding for rule in RULES for finding in rule(settings)]


def file_faults(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Missing or unreadable files and secrets without which the service cannot do its work."""
    return [*_folders(settings), *_dispatch_files(settings), *_secrets_at_hand(settings, environment)]


def file_notices(settings: Settings) -> list[Finding]:
    """What is missing that the line can do without: it then works by keys and persons."""
    model = settings.speech.model
    if settings.speech.engine == "none" or model is None:
        return [(("speech",), "no speech model: the line works by keys and persons only")]
    engine, sign = ("sherpa-onnx", "tokens.txt") if settings.speech.engine == "sherpa" else ("Vosk", "conf")
    if not (model / sign).exists():
        advice = "install one (docs/speech-model.md); until then keys and persons only"
        return [(("speech", "model"), f"no {engine} model in {model}: {advice}")]
    return []


def _duplicates(names: Iterable[str]) -> set[str]:
    return {name for name, count in Counter(names).items() if count > 1}


def _unique_names(settings: Settings) -> Iterator[Finding]:
    trunks, phones = settings.edge.trunks, settings.edge.softphones
    doubled = _duplicates(trunk.name for trunk in trunks)
    for index, trunk in enumerate(trunks):
        if trunk.name in doubled:
            yield ("edge", "trunks", index, "name"), f"two trunks are called {trunk.name!r}; rename one"
    doubled = _duplicates(phone.user for phone in phones)
    for index, phone in enumerate(phones):
        if phone.user in doubled:
            yield ("edge", "softphones", index, "user"), f"two softphones are called {phone.user!r}"


def _entries(settings: Settings) -> Iterator[Finding]:
    doubled = _duplicates(number for entry in settings.entries for number in entry.dialled)
    for index, entry in enumerate(settings.entries):
        for number in sorted(doubled.intersection(entry.dialled)):
            yield ("entries", index, "dialled"), f"{number!r} stands in two entries; a number has one flow"
        if not entry.dialled:
            yield ("entries", index, "dialled"), "is empty; name the dialled numbers, `*` for all others"
    if not any("*" in entry.dialled for entry in settings.entries):
        yield ("entries",), "nobody answers all other numbers: add one with `dialled: ['*']`"


def _trunks(settings: Settings) -> Iterator[Finding]:
    for index, trunk in enumerate(settings.edge.trunks):
        where: Location = ("edge", "trunks", index)
        if not trunk.addresses and not trunk.digest_user:
            yield (*where, "addresses"), "is empty; name the carrier's networks, or its digest user"
        if trunk.uri and not trunk.uri.startswith(("sip:", "sips:")):
            yield (*where, "uri"), "write it as sip:{number}@HOST; {number} is what is called"
        elif trunk.uri and "{number}" not in trunk.uri:
            yield (*where, "uri"), "has no {number}: every call would go to the same place"
        if trunk.registers and not (trunk.outbound_user and (trunk.registrar or trunk.uri)):
            yield (*where, "registers"), "needs outbound_user, and registrar or uri"
        if trunk.registrar and not trunk.registrar.startswith("sip:"):
            yield (*where, "registrar"), "write it as sip:HOST"
    if settings.edge.tcp_idle_seconds <= settings.edge.max_register_seconds:
        yield ("edge", "tcp_idle_seconds"), "must be longer than max_register_seconds"
    default = settings.edge.default_trunk
    outbound = [trunk.name for trunk in settings.edge.trunks if trunk.uri]
    if default and default not in outbound:
        yield ("edge", "default_trunk"), f"{default!r} is no trunk with a uri; these are: {outbound}"


def _secrets(settings: Settings) -> Iterator[Finding]:
    for index, trunk in enumerate(settings.edge.trunks):
        given = (trunk.digest_password_file is not None) + bool(trunk.digest_password_env)
        where: Location = ("edge", "trunks", index)
        if trunk.digest_user and given != 1:
            yield (*where, "digest_user"), "give digest_password_file or digest_password_env, one of them"
        if given and not trunk.digest_user:
            yield where, "has a digest password but no digest_user"
        given = (trunk.outbound_password_file is not None) + bool(trunk.outbound_password_env)
        if trunk.outbound_user and given != 1:
            advice = "give outbound_password_file or outbound_password_env, one of them"
            yield (*where, "outbound_user"), advice
        if given and not trunk.outbound_user:
            yield where, "has an outbound password but no outbound_user"
    for index, phone in enumerate(settings.edge.softphones):
        if (phone.password_file is not None) + bool(phone.password_env) != 1:
            yield ("edge", "softphones", index), "give password_file or password_env, one of them"


def _ports(settings: Settings) -> Iterator[Finding]:
    workers, listen = settings.workers, settings.edge.listen
    udp: list[tuple[Location, tuple[int, int]]] = [
        (("edge", "listen", "udp_port"), (listen.udp_port, listen.udp_port)),
        (("workers", "sip_ports"), workers.sip_ports),
        (("workers", "rtp_ports"), workers.rtp_ports),
    ]
    for where, (first, last) in udp:
        if first > last:
            yield where, f"{first} is above {last}; write the lower one first"
    for index, (where, (first, last)) in enumerate(udp):
        for other, (low, high) in udp[:index]:
            if first <= high and low <= last:
                yield where, f"overlaps {'.'.join(map(str, other))} ({low}-{high}); move one of them"
    if listen.tcp_port is not None and listen.tcp_port == settings.web.port:
        yield ("web", "port"), "is edge.listen.tcp_port too; move one of them"


def _capacity(settings: Settings) -> Iterator[Finding]:
    workers = settings.workers
    if workers.reserved_for_pages >= workers.max_conversations:
        yield ("workers", "reserved_for_pages"), "leaves no place for callers; lower it"
    wanted = workers.max_conversations * PORTS_PER_CONVERSATION
    for name, (first, last), needed in (
        ("sip_ports", workers.sip_ports, workers.max_conversations), ("rtp_ports", workers.rtp_ports, wanted)
    ):
        if first <= last and last - first + 1 < needed:
            yield ("workers", name), f"{last - first + 1} ports; max_conversations needs {needed}"


def _people(settings: Settings) -> Iterator[Finding]:
    known = {phone.user for phone in settings.edge.softphones}
    for index, member in enumerate(settings.agents.members):
        if member not in known:
            yield ("agents", "members", index), f"{member!r} is no softphone of edge.softphones"


def _run_folder(settings: Settings) -> Iterator[Finding]:
    length = len(os.fsencode(settings.paths.run))
    if length > LONGEST_RUN_FOLDER_BYTES:
        advice = f"is {length} bytes long with its folder; sockets in it allow {LONGEST_RUN_FOLDER_BYTES}"
        yield ("paths", "run"), advice


def _odds(settings: Settings) -> Iterator[Finding]:
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError, OSError):
        yield ("timezone",), f"{settings.timezone!r} is no time zone; write Asia/Shanghai or the like"
    if settings.tts.engine == "command" and not any("{out}" in word for word in settings.tts.command):
        yield ("tts", "command"), "name the program and {out}, the WAV file that it writes"


RULES: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _unique_names, _entries, _trunks, _secrets, _ports, _capacity, _people, _run_folder, _odds,
)


def _folders(settings: Settings) -> Iterator[Finding]:
    flows = settings.paths.flows
    if not flows.is_dir():
        yield ("paths", "flows"), f"{flows} is no folder"
        return
    for index, entry in enumerate(settings.entries):
        if next(flows.rglob(f"{entry.flow}.yaml"), None) is None:
            yield ("entries", index, "flow"), f"there is no {entry.flow}.yaml in {flows}"
    for purpose, flow in settings.outbound.model_dump().items():
        if next(flows.rglob(f"{flow}.yaml"), None) is None:
            yield ("outbound", purpose), f"there is no {flow}.yaml in {flows}"


def _dispatch_files(settings: Settings) -> Iterator[Finding]:
    for name in ("stations", "policy", "gazetteer"):
        path: Path = getattr(settings.dispatch, name)
        if not path.exists() or not os.access(path, os.R_OK):
            yield ("dispatch", name), f"{path} is not there or not readable"
    for name in ("customers", "information"):
        optional: Path | None = getattr(settings, name)
        if optional is not None and not os.access(optional, os.R_OK):
            yield (name,), f"{optional} is not there or not readable"
    calendar = settings.dispatch.calendar
    if calendar is not None and not os.access(calendar, os.R_OK):
        yield ("dispatch", "calendar"), f"{calendar} is not there or not readable"


def _secrets_at_hand(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    named: list[tuple[Location, Path | None, str]] = [
        (("database", "password_file"), settings.database.password_file, "")
    ]
    for index, trunk in enumerate(settings.edge.trunks):
        where: Location = ("edge", "trunks", index, "digest_user")
        named.append((where, trunk.digest_password_file, trunk.digest_password_env))
        where = ("edge", "trunks", index, "outbound_user")
        named.append((where, trunk.outbound_password_file, trunk.outbound_password_env))
    for where, file, variable in named:
        fault = _secret_fault(file, variable, environment)
        if fault:
            yield where, fault


def mute_softphones(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """Softphones whose password cannot be had: they cannot register, the line works without them."""
    return [
        (("edge", "softphones", index), f"{phone.user} cannot register: {fault}")
        for index, phone in enumerate(settings.edge.softphones)
        if (fault := _secret_fault(phone.password_file, phone.password_env, environment))
    ]


def _secret_fault(file: Path | None, variable: str, environment: Mapping[str, str]) -> str:
    if file is not None:
        if not file.is_file() or not os.access(file, os.R_OK):
            return f"{file} is not there or not readable by this user"
        if file.stat().st_mode & 0o007:
            return f"everybody on this machine can read {file}: chmod o= it"
    if variable and not environment.get(variable):
        return f"the environment variable {variable} is not set"
    return ""
