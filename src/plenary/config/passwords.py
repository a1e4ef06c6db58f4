"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class Hasher(Argon2PasswordHasher):
    """Argon2id at the cost that OWASP's cheat sheet on password storage asks for: 19 MiB, two passes, one lane.

    Django's own cost is 100 MiB and eight lanes, a fifth of a second of a core for each sign-in: two hundred people who come at
    once wait for one another. Nobody gets in by the password alone. A hash of another cost is made anew at the next sign-in.
    """

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
