"""What changed between two versions."""

from datetime import date

from plenary.core.permissions import CentreLead
from tests.factories.collection import DataSetVersionFactory
from tests.web.workspace.agreed.documents import LATER, of, table


class TestChanges:
    def test_from_the_version_before(self, lead, sets):
        rows = table(lead.get(of("data-set", sets["second"], "changes.csv")))
        assert rows == [
            ["Field", "Change", "What", "Before", "Now", "Files of the earlier version"],
            ["pf_ratio", "Changed", "At most", "100", "90", "Values above 90 are refused."],
            [
                "pf_ratio", "Changed", "Label", "PF ratio", "PaO2 / FiO2",
                "A heading that is the earlier label is not understood any more; the field's name is.",
            ],
            ["mobility", "New", "Field", "", "Mobility", "Files without this column are read; its values are not known."],
        ]  # fmt: skip

    def test_the_other_way_round(self, lead, sets):
        rows = table(lead.get(of("data-set", sets["first"], "changes.csv")))
        assert [row[:5] for row in rows[1:]] == [
            ["pf_ratio", "Changed", "At most", "90", "100"],
            ["pf_ratio", "Changed", "Label", "PaO2 / FiO2", "PF ratio"],
            ["mobility", "Gone", "Field", "Mobility", ""],
        ]

    def test_of_outcomes(self, lead, sets):
        rows = table(lead.get(of("outcome-set", sets["new"], f"changes.csv?other={sets['old'].pk}")))
        assert rows[1:] == [["survival-to-discharge", "Changed", "Label", "Survival to discharge", "Alive at discharge"]]

    def test_it_is_narrowed_and_says_so(self, lead, sets):
        address = of("data-set", sets["second"], "changes/")
        assert "PaO2" not in lead.get(f"{address}?kind=added").text
        assert "Nothing fits this filter." in lead.get(f"{address}?kind=removed").text

    def test_what_is_the_same_is_said(self, lead, sets):
        again = DataSetVersionFactory(
            service=sets["first"].service,
            version="2026-2",
            content=LATER.replace("\n", "\r\n").encode(),
            adopted_on=date(2026, 2, 1),
        )
        assert "Both versions agree the same." in lead.get(of("data-set", again, "changes/")).text

    def test_without_another_version(self, as_, own):
        browser = as_(CentreLead, own.key)
        only = own.service.data_set_versions.get()
        assert "There is no other version to compare it with." in browser.get(of("data-set", only, "changes/")).text
        assert "changes/" not in browser.get(of("data-set", only)).text
