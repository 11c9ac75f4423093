"""Where a place is, whichever map it was taken from: degrees of WGS-84, as GPS and crews' devices use them.

Chinese map services give GCJ-02, which lies up to 700 m off; a crew sent by such a point stands
in the next street.
"""

from __future__ import annotations

from typing import Literal, get_args

import prcoords

Datum = Literal["WGS-84", "GCJ-02"]
DATUMS: tuple[Datum, ...] = get_args(Datum)
_GCJ_LATITUDES = (0.8293, 55.8271)
_GCJ_LONGITUDES = (72.004, 137.8347)


def defined(latitude: float, longitude: float, datum: Datum) -> bool:
    """Whether the datum says anything about that point: GCJ-02 covers China's rectangle only."""
    return datum == "WGS-84" or (
        _GCJ_LATITUDES[0] <= latitude <= _GCJ_LATITUDES[1]
        and _GCJ_LONGITUDES[0] <= longitude <= _GCJ_LONGITUDES[1]
    )


def to_wgs84(latitude: float, longitude: float, datum: Datum) -> tuple[float, float]:
    """Latitude and longitude in WGS-84 degrees, exact to less than a metre."""
    if datum == "WGS-84":
        return latitude, longitude
    found = prcoords.gcj_wgs_bored((latitude, longitude), check_china=False)
    return round(found.lat, 6), round(found.lon, 6)
