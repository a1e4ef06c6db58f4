"""Tables of the room. ``Privacy`` says of every field whether it may be copied for development.

Files, dictionaries and findings are kept once as content-addressed bytes in ``core``; here stand their hashes.
"""

from plenary.collection.models.cases import Case, CaseDraft, CaseVersion, Consent, FollowUp
from plenary.collection.models.data_sets import DataSetProposal, DataSetVersion, ProposalRemark
from plenary.collection.models.questions import DataQuery, Deadline, NoReminders, QueryMessage, ReminderSent
from plenary.collection.models.series import Ascertainment, CaseSeries, ExpectedCase, KeptRun
from plenary.collection.models.shared import CaseMark, SharedPatient
from plenary.collection.models.submissions import ColumnMapping, Confirmation, Submission
from plenary.collection.models.systems import SystemCall, SystemKey, SystemUpload

__all__ = [
    "Ascertainment",
    "Case",
    "CaseDraft",
    "CaseMark",
    "CaseSeries",
    "CaseVersion",
    "ColumnMapping",
    "Confirmation",
    "Consent",
    "DataQuery",
    "DataSetProposal",
    "DataSetVersion",
    "Deadline",
    "ExpectedCase",
    "FollowUp",
    "KeptRun",
    "NoReminders",
    "ProposalRemark",
    "QueryMessage",
    "ReminderSent",
    "SharedPatient",
    "Submission",
    "SystemCall",
    "SystemKey",
    "SystemUpload",
]
