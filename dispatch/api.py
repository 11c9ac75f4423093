"""The one door to dispatch: everything that the call side may use. Nothing else of it is imported there.

Begin with `Dispatch`: tell it what happened (`tell`), `run` it by the clock, and give
it an `Outlet` that rings phones.
"""

from dispatch.business import Businesses, Kind
from dispatch.commands import (
    AnyCommand,
    CallbackRequest,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    PageReport,
    Receipt,
    StandDown,
    TicketClosed,
    TicketRequest,
    TicketTaken,
)
from dispatch.crews import Contact, Crew, Station, Stations
from dispatch.desk import CrewView, Dispatch, Health, Progress
from dispatch.distance import GeodesicRoads, Position, RoadDistance
from dispatch.effects import (
    Alarm,
    CallBackOrder,
    CallerNews,
    CrewNotice,
    Facts,
    Notice,
    Outlet,
    PageOrder,
    Pager,
    PageUpdate,
)
from dispatch.errors import (
    DispatchError,
    DispatchLocked,
    NotAllowed,
    StoreTooNew,
    StoreUnavailable,
    UnitRefused,
    UnknownRecord,
)
from dispatch.incident_types import IncidentType, IncidentTypes
from dispatch.joining_policy import Joining
from dispatch.mirror import read as read_mirror
from dispatch.model import Assignment, Callback, HistoryRow, Incident, Page, Ticket
from dispatch.phones import same as same_phone
from dispatch.pins import hash_pin
from dispatch.policy import Policy
from dispatch.rules import CallbackRules, Rules
from dispatch.states import PageEvent, PageState
from dispatch.store import MemoryStore, SqlStore, Store
from dispatch.store.dump import DumpUnreadable
from dispatch.store.dump import check as check_dump
from dispatch.store.dump import dump_store as dump_database
from dispatch.store.dump import restore_store as restore_database
from dispatch.store.port import (
    AttachmentRow,
    CallQuery,
    CallRow,
    Hit,
    SearchQuery,
    TicketQuery,
    TranscriptRow,
)

__all__ = [
    "Alarm",
    "AnyCommand",
    "Assignment",
    "AttachmentRow",
    "Businesses",
    "CallBackOrder",
    "CallCameThrough",
    "CallOver",
    "CallQuery",
    "CallRow",
    "CallStarted",
    "Callback",
    "CallbackRequest",
    "CallbackResult",
    "CallbackRules",
    "CallerNews",
    "Contact",
    "Crew",
    "CrewNotice",
    "CrewReport",
    "CrewView",
    "Dispatch",
    "DispatchError",
    "DispatchLocked",
    "DumpUnreadable",
    "EmergencyReport",
    "FactReport",
    "Facts",
    "GeodesicRoads",
    "Health",
    "HistoryRow",
    "Hit",
    "Incident",
    "IncidentType",
    "IncidentTypes",
    "Joining",
    "Kind",
    "MemoryStore",
    "NotAllowed",
    "Notice",
    "Outlet",
    "Page",
    "PageEvent",
    "PageOrder",
    "PageReport",
    "PageState",
    "PageUpdate",
    "Pager",
    "Policy",
    "Position",
    "Progress",
    "Receipt",
    "RoadDistance",
    "Rules",
    "SearchQuery",
    "SqlStore",
    "StandDown",
    "Station",
    "Stations",
    "Store",
    "StoreTooNew",
    "StoreUnavailable",
    "Ticket",
    "TicketClosed",
    "TicketQuery",
    "TicketRequest",
    "TicketTaken",
    "TranscriptRow",
    "UnitRefused",
    "UnknownRecord",
    "check_dump",
    "dump_database",
    "hash_pin",
    "read_mirror",
    "restore_database",
    "same_phone",
]
