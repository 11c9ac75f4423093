"""Two real callers, one leak: the second is advised, asked for the address, and told who is coming when."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.live.conftest import NewTown
from tests.live.harness.service import wait_until
from tests.live.harness.town import Town

CUSTOMERS = """number,name,address,latitude,longitude,vulnerable
+8613900000001,客户甲,利州区滨江路88号滨江花园3栋2单元301室,32.4355,105.8472,no
+8613900000002,客户乙,利州区滨江路88号滨江花园3栋2单元402室,32.4355,105.8472,no
"""


def reported(town: Town, number: str) -> str:
    """A customer presses 9, hears what to do, and says yes to the address of the file. The call's id."""
    phone = town.caller(number)
    call_id = town.ring(phone)
    phone.press("9")
    town.watch.wait_for("emergency_declared", 10, call_id=call_id)
    town.prompt(call_id, "不要点火")
    town.prompt(call_id, "请问是在", 60)
    phone.press("1")
    town.watch.wait_for(
        "fact_learned", 20, call_id=call_id, where=lambda r: r.field == "address" and r.confirmed
    )
    return call_id


def incidents(town: Town) -> list[dict[str, object]]:
    answer = subprocess.run(
        [*town.service.command("incidents", "list"), "--all", "--json"], capture_output=True, text=True,
        timeout=60, check=True,
    )
    found: list[dict[str, object]] = json.loads(answer.stdout)
    return found


def test_the_second_caller_hears_that_a_crew_is_on_its_way_and_when(
    new_town: NewTown, tmp_path: Path
) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text(CUSTOMERS, encoding="utf-8")
    town = new_town({"customers": str(customers)}, page_seconds=60)
    first = reported(town, "13900000001")
    town.crew.wait_for("incoming", 30)
    town.crew.answer()
    town.crew.wait_for("answered", 10)
    town.crew.press_later("1", delay_seconds=2)
    town.watch.wait_for("page_accepted", 60)
    town.prompt(first, "已经接到任务")
    second = reported(town, "13900000002")
    town.prompt(second, "已经接到任务", 60)
    heard = town.prompt(second, "分钟后到达", 60)
    assert "抢险人员" in heard.text
    joined = [one for one in incidents(town) if one["state"] != "joined"]
    assert len(joined) == 1 and joined[0]["reports"] == 2, "two tickets, one incident"
    _split_again(town, second)


def _split_again(town: Town, call_id: str) -> None:
    """A person says that it is another leak: the running service pages for it at once."""
    ticket = town.stored_tickets()[call_id]
    subprocess.run(
        town.service.command("incidents", "split", ticket, "--reason", "两处漏气", "--by", "王调度"),
        check=True, capture_output=True, timeout=60,
    )
    wait_until(lambda: _own_page(town, ticket), 30, f"{ticket} is not paged")


def _own_page(town: Town, ticket: str) -> bool:
    return any(one["tickets"] == [ticket] and one["first_page_at"] for one in incidents(town))
