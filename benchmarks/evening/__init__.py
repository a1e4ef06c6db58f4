"""The evening before a deadline: a place that serves, a world that waits, people who use it, and a look at what was kept."""
