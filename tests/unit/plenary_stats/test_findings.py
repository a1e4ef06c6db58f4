from plenary_stats.findings import Finding, Findings


def one(severity, row=2, rule="required", file="a.csv"):
    return Finding(file, row, "x", rule, severity, "message", "remedy")


def test_findings_are_told_apart_by_severity():
    found = Findings([one("notice"), one("blocking"), one("warning"), one("blocking", 3)])
    assert [finding.row for finding in found.blocking] == [2, 3]
    assert len(found.warnings) == len(found.notices) == 1


def test_order_is_file_row_field():
    found = Findings([one("notice", 10), one("notice", 9), one("notice", 30, file="A.csv")])
    assert [(finding.file, finding.row) for finding in found.ordered()] == [("A.csv", 30), ("a.csv", 9), ("a.csv", 10)]


def test_a_command_tells_what_to_mend_and_not_by_what_a_warning_is_known():
    found = Finding("a.csv", 2, "x", "jump", "warning", "message", "remedy", case="K1", key="99ab")
    assert found.told() == {
        "file": "a.csv", "row": 2, "field": "x", "rule": "jump", "severity": "warning", "message": "message", "remedy": "remedy",
    }  # fmt: skip
