"""System to system: signed calls of centres."""
