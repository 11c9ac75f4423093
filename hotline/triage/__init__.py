"""What was said → label, emergency, hazard, place, address, number, with reasons. Pure, no network."""

from hotline.triage.address import AddressFields, spoken_form
from hotline.triage.address import parse as parse_address
from hotline.triage.asking import Band, denied, question_due
from hotline.triage.assess import assess, warm
from hotline.triage.caller import NOBODY, Caller
from hotline.triage.gazetteer import Gazetteer, Match
from hotline.triage.model import VERSION, Assessment, Update
from hotline.triage.numbers import phone_across, phone_in
from hotline.triage.replies import answer, says_goodbye, wants_agent
from hotline.triage.session import TriageSession

__all__ = [
    "NOBODY", "VERSION", "AddressFields", "Assessment", "Band", "Caller", "Gazetteer", "Match",
    "TriageSession", "Update", "answer", "assess", "denied", "parse_address", "phone_across", "phone_in",
    "question_due", "says_goodbye", "spoken_form", "wants_agent", "warm",
]
