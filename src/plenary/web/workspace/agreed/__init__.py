"""What a network agrees: its data sets and outcome sets, each version in words, what changed, and adopting a new one."""

from plenary.web.workspace.agreed.adopting import adopt
from plenary.web.workspace.agreed.comparing import changes
from plenary.web.workspace.agreed.kinds import CHANGES, FORMS, KINDS, LARGEST, NETWORK, SECTION, TOO_LARGE
from plenary.web.workspace.agreed.versions import EXPORT, all_versions, document, export, version

__all__ = [
    "CHANGES",
    "EXPORT",
    "FORMS",
    "KINDS",
    "LARGEST",
    "NETWORK",
    "SECTION",
    "TOO_LARGE",
    "adopt",
    "all_versions",
    "changes",
    "document",
    "export",
    "version",
]
