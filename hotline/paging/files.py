"""Reads paging.yaml and contacts.yaml, with every fault named by its line, and builds the channels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from dispatch.api import Policy, Stations
from hotline.errors import ConfigurationError, Fault
from hotline.ipc import SendText
from hotline.paging.channel import Channel
from hotline.paging.http import HttpClient
from hotline.paging.mail import Mail
from hotline.paging.robots import DingtalkRobot, FeishuRobot, WecomRobot
from hotline.paging.settings import (
    AnyChannel,
    Contacts,
    Dingtalk,
    Feishu,
    Http,
    MailSettings,
    Paging,
    SipText,
    Wecom,
)
from hotline.paging.signed import SignedHttp
from hotline.paging.sip_text import SipTexts
from hotline.settings_file import read_secret
from hotline.yamlfile import YamlFile, validate

PHONE = "phone"


@dataclass(frozen=True, slots=True)
class PagingFiles:
    paging: Paging
    contacts: Contacts


def load_paging(
    paging: Path, contacts: Path, stations: Stations, policy: Policy | None = None
) -> PagingFiles:
    """Raises ConfigurationError with every fault of both files, and of what others say of channels."""
    source, people_source = YamlFile(paging), YamlFile(contacts)
    read = validate(source, Paging)
    people = validate(people_source, Contacts)
    known = {PHONE, *read.channels}
    faults = [
        *_contact_faults(people_source, people, known, stations),
        *_station_faults(paging, stations, policy, known),
    ]
    if faults:
        raise ConfigurationError(faults)
    return PagingFiles(read, people)


def _contact_faults(
    source: YamlFile, people: Contacts, known: set[str], stations: Stations
) -> Iterator[Fault]:
    names = {
        *(contact.key for contact in people.contacts), *people.groups, "leaders", "duty_centre", "fire",
        "alarm_places", *(crew.key for crew in stations.crews),
    }
    for index, contact in enumerate(people.contacts):
        for channel in contact.channels:
            if channel not in known:
                where = ("contacts", index, "channels", channel)
                yield source.fault(where, "paging.yaml has no such channel")
    for group, members in people.groups.items():
        for index, member in enumerate(members):
            if member not in names:
                yield source.fault(("groups", group, index), f"there is no contact, group or crew {member}")
            elif member == group:
                yield source.fault(("groups", group, index), "a group cannot contain itself")


def _station_faults(
    paging: Path, stations: Stations, policy: Policy | None, known: set[str]
) -> Iterator[Fault]:
    people = [*stations.duty_centre, *stations.leaders, stations.fire, *stations.alarm_places]
    people += [member for crew in stations.crews for member in crew.members]
    for person in people:
        for channel in sorted(set(person.channels) - known):
            yield Fault(paging, 0, "channels", f"stations.yaml reaches {person.name} by {channel}, not here")
    for number, step in enumerate(policy.chain if policy is not None else ()):
        for channel in sorted({name for group in step.channels for name in group} - known):
            yield Fault(paging, 0, "channels", f"dispatch_policy.yaml, chain.{number}: no channel {channel}")


class ChannelMaker:
    """Makes the channels of the settings; secrets are read here and stay in the channels."""

    def __init__(
        self, reactor: Any, utcnow: Callable[[], datetime], send_text: Callable[[SendText], bool]
    ) -> None:
        """`send_text` hands a line to the edge (hotline.service.lines)."""
        self._reactor, self._utcnow, self._send_text = reactor, utcnow, send_text

    def make(self, key: str, settings: AnyChannel) -> Channel:
        """Raises ConfigurationError when a secret that is named cannot be had."""
        if isinstance(settings, SipText):
            return SipTexts(key, self._reactor, self._send_text)
        if isinstance(settings, MailSettings):
            return self._mail(key, settings)
        http = HttpClient(
            self._reactor, timeout_seconds=settings.timeout_seconds, ca_file=settings.ca_file
        )
        token = read_secret(settings.token_file, settings.token_env)
        secret = read_secret(settings.secret_file, settings.secret_env)
        if isinstance(settings, Http):
            return SignedHttp(
                key, http, settings.url, secret, self._reactor, self._utcnow, body=settings.body or None,
                result_field=settings.result_field, result_ok=settings.result_ok,
                result_later=settings.result_later, longest_characters=settings.longest_characters,
                token=token,
            )
        robots: dict[type, type[WecomRobot] | type[DingtalkRobot] | type[FeishuRobot]] = {
            Wecom: WecomRobot, Dingtalk: DingtalkRobot, Feishu: FeishuRobot
        }
        return robots[type(settings)](key, http, settings.url, token, secret, self._utcnow)

    def check(self, key: str, settings: AnyChannel) -> None:
        """Whether its secrets can be had. Raises ConfigurationError."""
        if isinstance(settings, MailSettings):
            read_secret(settings.password_file, settings.password_env)
        elif not isinstance(settings, SipText):
            read_secret(settings.token_file, settings.token_env)
            read_secret(settings.secret_file, settings.secret_env)

    def _mail(self, key: str, settings: MailSettings) -> Mail:
        password = read_secret(settings.password_file, settings.password_env)
        return Mail(
            key, self._reactor, self._utcnow, host=settings.host, port=settings.port, sender=settings.sender,
            user=settings.user, password=password, starttls=settings.starttls, ca_file=settings.ca_file,
            timeout_seconds=settings.timeout_seconds,
        )
