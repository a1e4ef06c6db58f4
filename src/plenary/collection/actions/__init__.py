"""Everything that writes to the room: the first four steps of the data path."""

from plenary.collection.actions.acceptance import accept, refuse
from plenary.collection.actions.data_sets import adopt_data_set, load_definitions
from plenary.collection.actions.erasure import erase_case, forget
from plenary.collection.actions.intake import check, receive
from plenary.collection.actions.keying import key_case
from plenary.collection.actions.reading import open_cases, open_differences
from plenary.collection.actions.runs import keep_run
from plenary.collection.actions.series import expect_case, explain_missing, reopen_series, sign_off_series

__all__ = [
    "accept",
    "adopt_data_set",
    "check",
    "erase_case",
    "expect_case",
    "explain_missing",
    "forget",
    "keep_run",
    "key_case",
    "load_definitions",
    "open_cases",
    "open_differences",
    "receive",
    "refuse",
    "reopen_series",
    "sign_off_series",
]
