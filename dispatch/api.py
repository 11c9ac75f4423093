"""The one door to dispatch: everything that the call side may use. Nothing else of it is imported there.

Begin with `Dispatch`: tell it what happened (`tell`), `run` it by the clock, and give
it an `Outlet` that rings phones.
"""

from dispatch.board import Board
from dispatch.business import Businesses, Kind
from dispatch.callbacks import VISIT_LATE
from dispatch.candidates import Candidate, Wanted, candidates, considered
from dispatch.chain import Finding
from dispatch.commands import (
    AddressCleared,
    AnyCommand,
    CallbackRequest,
    CallbackResult,
    CallCameThrough,
    CallOver,
    CallStarted,
    CrewReport,
    EmergencyReport,
    FactReport,
    JoinIncidents,
    OutageAnnounced,
    OutageChanged,
    OutageOver,
    PageReport,
    Receipt,
    RefuseJoin,
    SplitReport,
    StandDown,
    TicketClosed,
    TicketRequest,
    TicketTaken,
    UpgradeIncident,
)
from dispatch.coverage import Gap, gaps, half_hours, roster_notices
from dispatch.crew_commands import DutyChanged, DutyChangeWithdrawn, JobGiven, JobWithdrawn, RoutesKnown
from dispatch.crew_reports import seconds_of
from dispatch.crews import Contact, CoverRule, Crew, Station, Stations
from dispatch.desk import CrewView, Dispatch, Health, Progress
from dispatch.distance import GeodesicRoads, Position, RoadDistance, RouteNotKnownError
from dispatch.due_words import due_in_words
from dispatch.duty import Roster, build_roster, change_of
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
    WelfareCall,
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
from dispatch.joined import Clearance, Join, Telling
from dispatch.joining_policy import Joining
from dispatch.letters import as_page as letter_page
from dispatch.link_steps import actions as link_actions
from dispatch.links import Link
from dispatch.looking import board_of, doing, for_incident, for_place
from dispatch.mirror import read as read_mirror
from dispatch.model import Assignment, Callback, HistoryRow, Incident, Page, Ticket
from dispatch.orders import BY_PEOPLE, command_of
from dispatch.outage_policy import OutagePolicy
from dispatch.outage_records import Outage
from dispatch.paging_commands import IssueLink, LinkAction, LinkStep, NoticeReport, RaiseNotice
from dispatch.phones import same as same_phone
from dispatch.pins import hash_pin
from dispatch.policy import Policy
from dispatch.recommend import NOTHING, recommend
from dispatch.roster_rows import RosterFile, RosterRow, row_faults
from dispatch.rules import CallbackRules, Rules
from dispatch.state import State
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
from dispatch.store.report_material import read_material
from dispatch.ticket_commands import AttachmentAdded, CustomerAnswer, CustomerAnswered
from dispatch.ticket_records import Attachment, Clock, Slip, Visit
from dispatch.units import CrewUnit, DutyChange, Job
from dispatch.verify import Verdict, verify

__all__ = [
    "BY_PEOPLE",
    "NOTHING",
    "VISIT_LATE",
    "AddressCleared",
    "Alarm",
    "AnyCommand",
    "Assignment",
    "Attachment",
    "AttachmentAdded",
    "AttachmentRow",
    "Board",
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
    "Candidate",
    "Clearance",
    "Clock",
    "Contact",
    "CoverRule",
    "Crew",
    "CrewNotice",
    "CrewReport",
    "CrewUnit",
    "CrewView",
    "CustomerAnswer",
    "CustomerAnswered",
    "Dispatch",
    "DispatchError",
    "DispatchLocked",
    "DumpUnreadable",
    "DutyChange",
    "DutyChangeWithdrawn",
    "DutyChanged",
    "EmergencyReport",
    "FactReport",
    "Facts",
    "Finding",
    "Gap",
    "GeodesicRoads",
    "Health",
    "HistoryRow",
    "Hit",
    "Incident",
    "IncidentType",
    "IncidentTypes",
    "IssueLink",
    "Job",
    "JobGiven",
    "JobWithdrawn",
    "Join",
    "JoinIncidents",
    "Joining",
    "Kind",
    "Link",
    "LinkAction",
    "LinkStep",
    "MemoryStore",
    "NotAllowed",
    "Notice",
    "NoticeReport",
    "Outage",
    "OutageAnnounced",
    "OutageChanged",
    "OutageOver",
    "OutagePolicy",
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
    "RaiseNotice",
    "Receipt",
    "RefuseJoin",
    "RoadDistance",
    "Roster",
    "RosterFile",
    "RosterRow",
    "RouteNotKnownError",
    "RoutesKnown",
    "Rules",
    "SearchQuery",
    "Slip",
    "SplitReport",
    "SqlStore",
    "StandDown",
    "State",
    "Station",
    "Stations",
    "Store",
    "StoreTooNew",
    "StoreUnavailable",
    "Telling",
    "Ticket",
    "TicketClosed",
    "TicketQuery",
    "TicketRequest",
    "TicketTaken",
    "TranscriptRow",
    "UnitRefused",
    "UnknownRecord",
    "UpgradeIncident",
    "Verdict",
    "Visit",
    "Wanted",
    "WelfareCall",
    "board_of",
    "build_roster",
    "candidates",
    "change_of",
    "check_dump",
    "command_of",
    "considered",
    "doing",
    "due_in_words",
    "dump_database",
    "for_incident",
    "for_place",
    "gaps",
    "half_hours",
    "hash_pin",
    "letter_page",
    "link_actions",
    "read_material",
    "read_mirror",
    "recommend",
    "restore_database",
    "roster_notices",
    "row_faults",
    "same_phone",
    "seconds_of",
    "verify",
]
