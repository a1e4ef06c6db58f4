"""The statistics of national networks: pure functions on arrays, no web framework, no database, no clock, no network."""
