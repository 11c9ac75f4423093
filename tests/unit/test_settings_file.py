"""The configuration file: each kind of fault is named with its line, all at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from hotline.errors import ConfigurationError
from hotline.settings import Settings
from hotline.settings_file import check_settings, load_settings, read_secret

GOOD = """\
company: 示范燃气
service_number: "962677"
paths:
  run: ../var/run
  state: ../var/state
  recordings: /srv/recordings
  flows: flows
  prompts: prompts
edge:
  listen:
    host: 127.0.0.1
    udp_port: 15060
  trunks:
    - name: carrier
      addresses: [127.0.0.0/8]
      uri: sip:{number}@127.0.0.1:15090
  softphones:
    - user: "1001"
      password_env: TEST_PASSWORD_1001
entries:
  - dialled: ["962677", "*"]
    flow: main
agents:
  members: ["1001"]
dispatch:
  stations: stations.yaml
  policy: policy.yaml
  gazetteer: gazetteer.csv
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "flows").mkdir(parents=True)
    for name in ("main", "crew_page", "callback", "crew_notice", "notify_leader", "selftest",
                 "crew_welfare", "notify_contact", "visit_late"):
        (folder / f"flows/{name}.yaml").touch()
    for name in ("stations.yaml", "policy.yaml", "gazetteer.csv"):
        (folder / name).touch()
    path = folder / "hotline.yaml"
    path.write_text(GOOD, encoding="utf-8")
    return path


def faults(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        check_settings(path, overrides)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


def edited(path: Path, old: str, new: str) -> Path:
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    return path


def test_relative_paths_are_taken_from_the_files_folder(file: Path, tmp_path: Path) -> None:
    settings = load_settings(file)
    assert settings.paths.run == tmp_path / "var/run"
    assert settings.paths.recordings == Path("/srv/recordings")
    assert settings.dispatch.stations == tmp_path / "config/stations.yaml"
    assert settings.database.url == f"sqlite:///{tmp_path}/var/state/hotline.db"


def test_overrides_are_checked_like_the_file(file: Path, tmp_path: Path) -> None:
    overrides = ("edge.listen.udp_port=15070", "paths.state=/elsewhere", 'edge.trunks.0.partner="119"',
                 "speech.engine=none", "recording.keep_days=7")
    settings = load_settings(file, overrides)
    assert settings.edge.listen.udp_port == 15070
    assert settings.paths.state == Path("/elsewhere")
    assert settings.edge.trunks[0].partner == "119"
    assert settings.recording.keep_days == 7
    assert faults(file, "edge.listen.udp_port=many", "edge.liste=1") == [
        "--set edge.listen.udp_port=many: edge.listen.udp_port: Input should be a valid integer, unable to "
        "parse string as an integer (given: 'many')",
        "--set edge.liste=1: edge.liste: no such key; see the commented example in config/",
    ]
    assert faults(file, "port", "edge.trunks.7.name=x", "company.name=x") == [
        "--set port: write it as KEY=VALUE: edge.listen.udp_port=15060",
        "--set edge.trunks.7.name=x: edge.trunks.7.name: no such place in hotline.yaml: "
        "'7' is no position in a list of 1",
        "--set company.name=x: company.name: no such place in hotline.yaml: company holds a value, not keys",
    ]


def test_all_faults_come_at_once_with_their_lines(file: Path) -> None:
    edited(file, "udp_port: 15060", "udp_port: 99999")
    edited(file, "company: 示范燃气\n", "")
    edited(file, "    flow: main", "    flow: main\n    flows: other")
    assert faults(file) == [
        "1: company: is missing",
        "11: edge.listen.udp_port: Input should be less than or equal to 65535 (given: 99999)",
        "22: entries.0.flows: no such key; see the commented example in config/",
    ]


@pytest.mark.parametrize(("old", "new", "expected"), [
    ("udp_port: 15060", "udp_port: 21000", "workers.sip_ports: overlaps edge.listen.udp_port (21000-21000)"),
    ("udp_port: 15060", "tcp_port: 8080", "web.port: is edge.listen.tcp_port too"),
    ("name: carrier", "name: carrier\n      digest_user: gas", "give digest_password_file or"),
    ("name: carrier", "name: carrier\n      digest_password_env: X", "has a digest password but no"),
    ("name: carrier", "name: carrier\n      outbound_user: gas", "give outbound_password_file or"),
    ("name: carrier", "name: carrier\n      outbound_password_env: X", "has an outbound password but no"),
    ("name: carrier", "name: carrier\n      registers: true", "needs outbound_user, and registrar or uri"),
    ("name: carrier", "name: carrier\n      registrar: carrier.example", "write it as sip:HOST"),
    ("uri: sip:{number}@", "uri: sip:962677@", "has no {number}"),
    ("uri: sip:{number}@", "uri: tel:{number}@", "write it as sip:{number}@HOST"),
    ("addresses: [127.0.0.0/8]", "addresses: []", "name the carrier's networks"),
    ("  trunks:", "  default_trunk: other\n  trunks:", "13: edge.default_trunk: 'other' is no trunk"),
    ("      password_env: TEST_PASSWORD_1001", "", "give password_file or password_env"),
    ('members: ["1001"]', 'members: ["1002"]', "agents.members.0: '1002' is no softphone"),
    ('["962677", "*"]', '["962677"]', "nobody answers all other numbers"),
    ('["962677", "*"]', '["962677", "*", "*"]', "'*' stands in two entries"),
    ("flow: main", "flow: mian", "there is no mian.yaml"),
    ("flows: flows", "flows: menus", "7: paths.flows:"),
    ("policy: policy.yaml", "policy: rules.yaml", "rules.yaml is not there or not readable"),
    ("run: ../var/run", "run: /" + 90 * "r", "4: paths.run: is 91 bytes long"),
    ("company:", "timezone: Asia/Guangyuan\ncompany:", "1: timezone: 'Asia/Guangyuan' is no time zone"),
    ("  trunks:", "  tcp_idle_seconds: 300\n  trunks:", "13: edge.tcp_idle_seconds: must be longer"),
    ("company:", "outbound: {page: nothing}\ncompany:", "1: outbound.page: there is no nothing.yaml"),
    ("company:", "information: none.yaml\ncompany:", "1: information: "),
    ("company:", "customers: none.csv\ncompany:", "customers: "),
    ("company:", "tts: {engine: command}\ncompany:", "tts.command: name the program"),
    ("company:", "workers: {max_conversations: 9}\ncompany:", "workers.reserved_for_pages: leaves no place"),
    ("company:", "workers: {max_conversations: 2000}\ncompany:", "workers.rtp_ports: 8000 ports"),
    ("company:", "workers: {rtp_ports: [9, 8]}\ncompany:", "workers.rtp_ports: 9 is above 8"),
    ("company:", "database: {password_file: none}\ncompany:", "database.password_file:"),
])
def test_each_contradiction_is_named(file: Path, old: str, new: str, expected: str) -> None:
    assert expected in "\n".join(faults(edited(file, old, new)))


def test_two_trunks_or_phones_of_one_name(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    phone = '    - user: "1001"\n      password_env: TEST_PASSWORD_1001\n'
    file.write_text(text.replace(phone, phone * 2), encoding="utf-8")
    assert faults(file) == [
        "18: edge.softphones.0.user: two softphones are called '1001'",
        "20: edge.softphones.1.user: two softphones are called '1001'",
    ]


def test_what_the_line_can_do_without_is_a_notice(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = check_settings(file)
    assert [str(notice).removeprefix(f"{file}:") for notice in checked.notices] == [
        "1: speech: no speech model: the line works by keys and persons only",
        "18: edge.softphones.0: 1001 cannot register: the environment variable TEST_PASSWORD_1001 is not set",
    ]
    assert checked.settings.edge.softphones == ()
    assert checked.settings.agents.members == ()
    monkeypatch.setenv("TEST_PASSWORD_1001", "secret")
    checked = check_settings(file, ("speech.model=nowhere",))
    assert [phone.user for phone in checked.settings.edge.softphones] == ["1001"]
    assert [notice.field for notice in checked.notices] == ["speech.model"]


def test_secrets_come_from_a_private_file_or_the_environment(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("word\n")
    secret.chmod(0o644)
    edited(file, "company:", f"database: {{password_file: {secret}}}\ncompany:")
    assert f"everybody on this machine can read {secret}" in faults(file)[0]
    secret.chmod(0o600)
    check_settings(file)
    assert read_secret(secret, "") == "word"
    assert read_secret(None, "") == ""
    monkeypatch.setenv("TEST_SECRET", "other")
    assert read_secret(None, "TEST_SECRET") == "other"
    monkeypatch.delenv("TEST_SECRET")
    with pytest.raises(ConfigurationError, match="TEST_SECRET: this environment variable"):
        read_secret(None, "TEST_SECRET")


def test_a_file_that_is_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "hotline.yaml"
    assert faults(path) == [" no such file; name the configuration with --config or HOTLINE_CONFIG"]
    path.write_text("")
    assert faults(path) == [" the file is empty"]
    path.write_text("- a\n")
    assert "valid dictionary" in faults(path)[0]
    path.write_text("a: [\n")
    assert "not valid YAML" in faults(path)[0]


# ---- the shipped example
EXAMPLE = Path(__file__).parents[2] / "config/hotline.yaml"


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        annotations = [field.annotation, *get_args(field.annotation)]
        inner = [kind for kind in annotations if isinstance(kind, type) and issubclass(kind, BaseModel)]
        yield name
        for kind in inner:
            yield from keys(kind, f"{prefix}{name}.")


def test_the_shipped_example_is_sound_and_names_every_key() -> None:
    load_settings(EXAMPLE)
    text = EXAMPLE.read_text(encoding="utf-8")
    assert [key for key in keys(Settings) if not re.search(rf"\b{key}:", text)] == []


def test_the_shipped_example_spells_out_the_defaults() -> None:
    settings = load_settings(EXAMPLE)
    for section in ("recording", "tts", "callbacks", "web", "logging", "workers"):
        given = getattr(settings, section)
        assert given == type(given)(**({"max_conversations": 200} if section == "workers" else {}))


def test_standards_stand_beside_the_configuration_or_come_with_the_program(tmp_path: Path) -> None:
    shipped = EXAMPLE.parent
    path = tmp_path / "hotline.yaml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    files = load_settings(path).dispatch
    assert (files.standards, files.calendar) == (shipped / "service_standards", shipped / "calendar.yaml")
    (tmp_path / "service_standards").mkdir()
    files = load_settings(path).dispatch
    assert (files.standards, files.calendar) == (tmp_path / "service_standards", None)
    (tmp_path / "calendar.yaml").touch()
    assert load_settings(path).dispatch.calendar == tmp_path / "calendar.yaml"
    files = load_settings(path, ("dispatch.standards=own", "dispatch.calendar=days.yaml")).dispatch
    assert (files.standards, files.calendar) == (tmp_path / "own", tmp_path / "days.yaml")
