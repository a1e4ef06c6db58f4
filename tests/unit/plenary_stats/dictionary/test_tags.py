"""Action tags in field annotations."""

import pytest

from plenary_stats.dictionary.tags import Tag, read_tags


@pytest.mark.parametrize(
    ("annotation", "tags"),
    [
        ("", []),
        ("Shown to the lead only.", []),
        ("@HIDDEN", [Tag("HIDDEN")]),
        ("@HIDDEN-SURVEY\n@READONLY", [Tag("HIDDEN-SURVEY"), Tag("READONLY")]),
        ("@DEFAULT='1'", [Tag("DEFAULT", "1")]),
        ('@DEFAULT = "it\'s"', [Tag("DEFAULT", "it's")]),
        ("@CHARLIMIT=20 more", [Tag("CHARLIMIT", "20")]),
        ('@PLACEHOLDER="a @HIDDEN b" @TODAY', [Tag("PLACEHOLDER", "a @HIDDEN b"), Tag("TODAY")]),
        ("@MAXCHOICE('1'=50,'2'=25)", [Tag("MAXCHOICE", within="'1'=50,'2'=25")]),
        ("@CALCTEXT(if([a] = ')', '(', 'x'))", [Tag("CALCTEXT", within="if([a] = ')', '(', 'x')")]),
        ("@IF([a] = 1, @HIDDEN, @READONLY)", [Tag("IF", within="[a] = 1, @HIDDEN, @READONLY")]),
        ("@CALCTEXT(if([a]", [Tag("CALCTEXT")]),
        ("write to me@HOSPITAL.org or a@HIDDEN", []),
        ("@HIDDENish", []),
        ("@hidden", []),
        ("@", []),
    ],
)  # fmt: skip
def test_tags(annotation, tags):
    assert list(read_tags(annotation)) == tags


@pytest.mark.parametrize(
    "tag", [Tag("HIDDEN"), Tag("DEFAULT", "a b"), Tag("DEFAULT", "it's"), Tag("CALCTEXT", within="if([a] = 1, 'b', 'c')")]
)
def test_a_tag_is_spelt_as_it_is_read(tag):
    assert read_tags(tag.spelt) == (tag,)


def test_which_tags_are_known():
    assert [tag.known for tag in read_tags("@HIDDEN @INDEXDATE @PLENARY-ELEMENT='icd-10' @HIDEN")] == [True, True, True, False]
