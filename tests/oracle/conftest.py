"""The table of agreement: every comparison with a reference answer is noted, and printed where ``--agreement FILE`` asks for it."""

from pathlib import Path

import numpy as np
import pytest

from tests.oracle.reference import Agree, same

NOTED = "agreement"
HEAD = """# Agreement with independent software

Written by `pytest tests/oracle --agreement docs/method/agreement.md`: every reference case, what was compared, and how far apart the
answers were at most. The reference answers are those of R packages named in the folder of each method; other software, versions and
calls stand there. A value that is missing in the reference must be missing here.

| method | case | quantity | values | largest relative difference | allowed |
| --- | --- | --- | ---: | ---: | ---: |
"""


@pytest.fixture
def agree(request, record_property) -> Agree:
    """Compare to a tolerance, and note it under the method and case of the test's parameter."""
    method, case = request.node.path.stem.removeprefix("test_"), request.node.callspec.params["case"]

    def compare(quantity, found, expected, tolerance=1e-9):
        apart = same(found, expected, tolerance)
        record_property(NOTED, (method, case, quantity, int(np.size(expected)), f"{apart:.0e}", f"{tolerance:.0e}"))

    return compare


def pytest_terminal_summary(terminalreporter, config):
    if not config.getoption("agreement"):
        return
    passed = terminalreporter.stats.get("passed", [])
    rows = {tuple(map(str, value)) for report in passed for name, value in report.user_properties if name == NOTED}
    table = HEAD + "".join(f"| {' | '.join(row)} |\n" for row in sorted(rows))
    Path(config.getoption("agreement")).write_text(table, encoding="utf-8")
