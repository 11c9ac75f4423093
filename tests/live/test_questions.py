"""A real caller is asked what the protocol lists; his yes makes the incident a major one at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.live.conftest import NewTown
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

CUSTOMERS = """number,name,address,latitude,longitude,vulnerable
+8613900000001,客户甲,利州区滨江路88号滨江花园3栋2单元301室,32.4355,105.8472,no
"""


def shown(town: Town, *words: str) -> Any:
    answer = subprocess.run(
        [*town.service.command("incidents", *words), "--json"], capture_output=True, text=True, timeout=60,
        check=True,
    )
    return json.loads(answer.stdout)


def test_somebody_hurt_is_told_by_key_and_everybody_hears_of_it(new_town: NewTown, tmp_path: Path) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text(CUSTOMERS, encoding="utf-8")
    town = new_town({"customers": str(customers)}, page_seconds=60)
    phone = town.caller("13900000001")
    call_id = town.ring(phone)
    phone.press("9")
    town.watch.wait_for("emergency_declared", 10, call_id=call_id)
    town.prompt(call_id, "请问是在", 60)
    phone.press("1")
    town.prompt(call_id, "联系您，可以吗", 30)
    phone.press("1")
    town.prompt(call_id, "有没有人受伤", 60)
    phone.press("1")
    town.watch.wait_for(
        "fact_learned", 20, call_id=call_id, where=lambda r: (r.field, r.value) == ("injured", "yes")
    )
    town.prompt(call_id, "打120", 30)
    wait_until(lambda: shown(town, "list", "--all")[0]["incident_type"] == "major_leak", 30, "not upgraded")
    incident = shown(town, "list", "--all")[0]
    told = {one["to"] for one in shown(town, "show", incident["incident_id"])["parts"] if "to" in one}
    assert {"ambulance", "leaders", "fire"} <= told
    phone.hangup()
