"""What the public may read: published files, and nothing beside them."""

import pytest
from django.utils import timezone

from plenary.core.terms import NotFound
from plenary.editions import queries
from plenary.editions.models import Edition
from tests.factories.releases import END, START

pytestmark = pytest.mark.django_db


def row(label="2025", number=1, state="published", **values):
    """Return an edition's row with a small folder, without building one."""
    published = {"published_at": timezone.now(), "digest": "a" * 64} if state == "published" else {}
    usual = {"period_start": START, "period_end": END, "release_hash": f"{label}{number}", "proposal": 1}
    usual |= {"folder": f"{label}-{number}", "built_at": timezone.now()}
    made = Edition.objects.create(label=label, number=number, state=state, **usual | published | values)
    folder = queries.place(made)
    (folder / "data").mkdir(parents=True)
    (folder / "index.html").write_text(f"{label} {number}")
    (folder / "data" / "activity.csv").write_text("service\n")
    return made


class TestPublished:
    def test_latest_period_first_and_latest_number_first(self):
        old = row("2024", period_start=START.replace(year=2024), period_end=START)
        first = row("2025")
        second = row("2025", 2, correction_of=first, note="a correction")
        row("2026", state="built")
        assert list(queries.published()) == [second, first, old]
        assert queries.current() == [second, old]
        assert [one.label for one in queries.in_preparation()] == ["2026"]

    def test_none(self):
        assert queries.current() == []

    @pytest.mark.parametrize("count", [1, 3])
    def test_one_query_however_many(self, count, django_assert_num_queries):
        for number in range(count):
            row(f"200{number}")
        with django_assert_num_queries(1):
            assert len(queries.current()) == count


class TestEdition:
    def test_the_latest_number_or_the_one_asked_for(self):
        first = row()
        second = row(number=2, correction_of=first, note="a correction")
        assert queries.edition("2025") == second
        assert queries.edition("2025", 1) == first
        assert queries.edition_in("2025-1") == first

    @pytest.mark.parametrize(("label", "number"), [("2024", None), ("2025", 2), ("2026", None)])
    def test_not_what_is_not_published(self, label, number):
        row()
        row("2026", state="built")
        with pytest.raises(NotFound):
            queries.edition(label, number)

    @pytest.mark.parametrize("folder", ["2026-1", ".staging/1", "2025", ""])
    def test_no_folder_but_a_published_one(self, folder):
        row()
        row("2026", state="built")
        with pytest.raises(NotFound):
            queries.edition_in(folder)


class TestFile:
    def test_a_file_of_the_edition(self):
        row()
        assert queries.file("2025", "index.html").read_text() == "2025 1"
        assert queries.file("2025", "data/activity.csv", 1).read_text() == "service\n"
        assert queries.file_in("2025-1", "index.html").read_text() == "2025 1"

    @pytest.fixture
    def secrets(self, settings):
        """Files that must not leak: beside the edition, above it, and in an edition that waits."""
        root = settings.PLENARY.editions
        row()
        row("2026", state="built")
        (root / "secret.txt").write_text("above")
        (root / ".staging" / "9").mkdir(parents=True)
        (root / ".staging" / "9" / "index.html").write_text("waiting")
        (root / "2025-1" / "link").symlink_to(root / "secret.txt")
        (root / "2025-1-other").mkdir()
        (root / "2025-1-other" / "index.html").write_text("beside")
        return root

    @pytest.mark.parametrize(
        "path",
        [
            "../secret.txt", "data/../../secret.txt", "..\\secret.txt", "link", "/etc/passwd", "//etc/passwd", "data", "",
            ".", "..", "../2025-1-other/index.html", "../.staging/9/index.html", "../2026-1/index.html", "no-such-file",
            "index.html\0.png", "%2e%2e/secret.txt", "x" * 300, "data/" + "x" * 5000, "x/" * 3000, "index.html/x",
            "INDEX.HTML ", "\ud800", "data//../../secret.txt", "./../secret.txt", "…", "~/secret.txt", "file:///etc/passwd",
        ],
    )  # fmt: skip
    def test_nothing_else(self, secrets, path):
        with pytest.raises(NotFound):
            queries.file("2025", path)
        with pytest.raises(NotFound):
            queries.file_in("2025-1", path)

    def test_nothing_that_waits(self, secrets):
        with pytest.raises(NotFound):
            queries.file("2026", "index.html")


class TestFileInPreparation:
    def waiting(self, settings):
        made = row("2026", state="built", digest="b" * 64)
        folder = settings.PLENARY.editions / queries.STAGING / str(made.pk)
        folder.mkdir(parents=True)
        (folder / "index.html").write_text("not yet")
        return made

    def test_a_file_of_what_waits(self, settings):
        assert queries.file_in_preparation(self.waiting(settings).pk, "index.html").read_text() == "not yet"

    @pytest.mark.parametrize("path", ["nothing.html", "", "../../2026-1/index.html", "..\\..\\2026-1\\index.html", "a\0b"])
    def test_nothing_beside_it(self, settings, path):
        made = self.waiting(settings)
        with pytest.raises(NotFound):
            queries.file_in_preparation(made.pk, path)

    def test_not_of_what_is_published_or_not_there(self):
        for number in (row("2025").pk, 404):
            with pytest.raises(NotFound, match="waits to be published"):
                queries.file_in_preparation(number, "index.html")
