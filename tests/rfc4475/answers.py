"""What each of the 49 deserves at this edge, when it comes from a trunk that has an agent's realm.

A status, `"worker"` (a call that is handed to a worker) or `"silence"` (responses that belong to
nothing, and what cannot be told apart from noise).
"""

from __future__ import annotations

from typing import Literal

from tests.rfc4475 import invalid, semantics, valid

Deserved = int | Literal["worker", "silence"]

ANSWERS: dict[str, tuple[bytes, Deserved]] = {
    # §3.1.1 valid
    "wsinv": (valid.WSINV, 481),  # it has a To tag and none of our routes
    "intmeth": (valid.INTMETH, 405),
    "esc01": (valid.ESC01, "worker"),
    "escnull": (valid.ESCNULL, 401),
    "esc02": (valid.ESC02, 405),  # RE%47IST%45R is no REGISTER
    "lwsdisp": (valid.LWSDISP, 200),
    "longreq": (valid.LONGREQ, "worker"),
    "dblreq": (valid.DBLREQ, 401),  # the second request is ignored
    "semiuri": (valid.SEMIURI, 200),
    "transports": (valid.TRANSPORTS, 200),
    "mpart01": (valid.MPART01, 405),
    "unreason": (valid.UNREASON, "silence"),
    "noreason": (valid.NOREASON, "silence"),
    # §3.1.2 invalid
    "badinv01": (invalid.BADINV01, 400),
    "clerr": (invalid.CLERR, 400),
    "ncl": (invalid.NCL, 400),
    "scalar02": (invalid.SCALAR02, 400),
    "scalarlg": (invalid.SCALARLG, "silence"),
    "quotbal": (invalid.QUOTBAL, 400),
    "ltgtruri": (invalid.LTGTRURI, 400),
    "lwsruri": (invalid.LWSRURI, 400),
    "lwsstart": (invalid.LWSSTART, 400),
    "trws": (invalid.TRWS, 400),
    "escruri": (invalid.ESCRURI, 400),
    "baddate": (invalid.BADDATE, "worker"),  # no call is refused for a date
    "regbadct": (invalid.REGBADCT, 400),
    "badaspec": (invalid.BADASPEC, 400),
    "baddn": (invalid.BADDN, 400),
    "badvers": (invalid.BADVERS, 505),
    "mismatch01": (invalid.MISMATCH01, 400),
    "mismatch02": (invalid.MISMATCH02, 400),
    "bigcode": (invalid.BIGCODE, "silence"),
    # §3.2 transaction layer
    "badbranch": (semantics.BADBRANCH, 200),
    # §3.3 application layer
    "insuf": (semantics.INSUF, 400),
    "unkscm": (semantics.UNKSCM, 416),
    "novelsc": (semantics.NOVELSC, 416),
    "unksm2": (semantics.UNKSM2, 400),
    "bext01": (semantics.BEXT01, 420),
    "invut": (semantics.INVUT, 415),
    "regaut01": (semantics.REGAUT01, 401),
    "multi01": (semantics.MULTI01, 400),
    "mcl01": (semantics.MCL01, 400),
    "bcast": (semantics.BCAST, "silence"),
    "zeromf": (semantics.ZEROMF, 483),
    "cparam01": (semantics.CPARAM01, 401),
    "cparam02": (semantics.CPARAM02, 401),
    "regescrt": (semantics.REGESCRT, 401),
    "sdp01": (semantics.SDP01, "worker"),  # PJSIP answers 406
    # §3.4 backward compatibility
    "inv2543": (semantics.INV2543, "worker"),
}
