"""Everything that writes to the registry."""

from plenary.registry.actions.definitions import load_definitions
from plenary.registry.actions.designations import add_service, de_nominate, designate, succeed

__all__ = ["add_service", "de_nominate", "designate", "load_definitions", "succeed"]
