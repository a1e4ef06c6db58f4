"""The suppressor: which further numbers to withhold, so that none that is too small can be worked out, at the least loss."""
