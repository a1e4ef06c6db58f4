"""The yearly publication: content, renderings, corrections."""
