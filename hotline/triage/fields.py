"""An address in its parts, as the caller said them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class AddressFields:
    """What is not said stays empty (triage-labels.md, "Address")."""

    district: str = ""
    street: str = ""
    """Keeps 一段, 二段."""
    number: str = ""
    """门牌号 in figures; a 附号 follows: `26附3`."""
    community: str = ""
    building: str = ""
    """Figures or a letter, without 栋, 幢, 号楼."""
    unit: str = ""
    room: str = ""
    """Figures: `1203`, `2004`."""
    landmark: str = ""
    """A known place that it lies at: 人民医院."""
    side: str = ""
    """Where from the landmark: 旁边, 对面, 门口 …"""
    crossroads: str = ""
    """A路和B路交叉口, in these words."""
    village: str = ""
    """乡镇, 村, 组."""
    likeness: float = field(default=1.0, compare=False)
    """How like the gazetteer's name the heard one was; 1 when the same, or when no name was mended."""

    def empty(self) -> bool:
        return not any(getattr(self, part.name) for part in fields(self) if part.name != "likeness")

    def flat(self) -> dict[str, str]:
        """The seven fields of triage-labels.md."""
        return {name: getattr(self, name) for name in
                ("district", "street", "number", "community", "building", "unit", "room")}


def spoken_form(address: AddressFields) -> str:
    """The address as it is read back to the caller; figures stay figures for the reader."""
    where = "".join((
        address.district, address.village, address.crossroads or address.street,
        _number(address.number), address.community,
        f"{address.building}栋" if address.building else "", f"{address.unit}单元" if address.unit else "",
        f"{address.room}号" if address.room else "",
    ))
    landmark = address.landmark if address.landmark != address.community else ""
    return where + landmark + address.side


def _number(number: str) -> str:
    """`26附3` → `26号附3号`."""
    return f"{number.replace('附', '号附')}号" if number else ""
