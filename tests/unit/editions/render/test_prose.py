import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from plenary.editions.render.prose import blocks, plain


def test_paragraphs_lists_headings_and_quotes_become_blocks_in_order():
    tree = blocks("# New\n\nOne **bold** and *soft*.\n\n- a\n- b\n\n1. x\n2. y\n\n> said a patient\n\nEnd.")
    assert [block["kind"] for block in tree] == ["heading", "paragraph", "list", "list", "quote", "paragraph"]
    assert tree[1]["runs"] == [
        {"text": "One "},
        {"text": "bold", "strong": True},
        {"text": " and "},
        {"text": "soft", "emphasis": True},
        {"text": "."},
    ]
    assert (tree[2]["ordered"], tree[3]["ordered"]) == (False, True)
    assert tree[3]["items"] == [[{"text": "x"}], [{"text": "y"}]]


def test_html_in_a_narrative_stays_text():
    tree = blocks("Hello <script>alert(1)</script> <b>x</b>")
    assert plain(tree) == "Hello <script>alert(1)</script> <b>x</b>"
    assert all(set(run) == {"text"} for run in tree[0]["runs"])


def test_a_block_of_html_stays_text():
    assert plain(blocks("<div onclick='x'>\nhello\n</div>")) == "<div onclick='x'> hello </div>"


def test_only_web_and_mail_links_are_kept_and_the_words_of_others_stay():
    tree = blocks("[good](https://example.org/a) [bad](javascript:alert(1)) [odd](file:///etc/passwd) <mailto:a@example.org>")
    links = [run["href"] for run in tree[0]["runs"] if "href" in run]
    assert links == ["https://example.org/a", "mailto:a@example.org"]
    assert "odd" in plain(tree)


def test_a_picture_is_not_fetched():
    assert not any("src" in run for block in blocks("![x](https://example.org/t.png)") for run in block["runs"])


def test_a_list_inside_a_list_is_flattened_and_nothing_is_lost():
    tree = blocks("- a\n  - b\n- c")
    assert len(tree) == 1
    assert sorted(plain(tree).split("\n")) == ["a", "b", "c"]


def test_code_is_kept_as_text():
    assert plain(blocks("```\nx < 1\n```\n\nand `y`")) == "x < 1\nand y"


def test_line_breaks_follow_markdown():
    assert plain(blocks("one\ntwo  \nthree")) == "one two\nthree"


def test_nothing_gives_nothing():
    assert blocks("") == []


pieces = st.sampled_from(
    ["# ", "> ", "- ", "1. ", "* ", "**", "_", "`", "```\n", "[a](", "javascript:x", "https://example.org", ")", "<b>", "</p>", "&lt;",
     "\n", "\n\n", "    ", "\\", "word", "é", "---", "![", "]", "<!--", "\t", "|", "=1+1"]
)  # fmt: skip


@given(st.lists(pieces, max_size=25).map("".join))
@example("- a\n\n      code\n\n> - b\n>   > c")
def test_whatever_somebody_writes_becomes_a_tree_of_known_parts(written):
    for block in blocks(written):
        assert block["kind"] in {"paragraph", "heading", "quote", "list"}
        for runs in block["items"] if block["kind"] == "list" else [block["runs"]]:
            for run in runs:
                assert set(run) <= {"text", "strong", "emphasis", "href"}
                assert run["text"]
                assert run.get("href", "https://").startswith(("https://", "http://", "mailto:"))


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=8))
def test_no_word_is_lost_whatever_it_is_wrapped_in(words):
    shapes = ("{}", "# {}", "> {}", "- {}", "1. {}", "**{}**", "_{}_", "`{}`", "[{}](https://example.org)", "<{}>")
    written = "\n\n".join(shapes[place % len(shapes)].format(word) for place, word in enumerate(words))
    found = plain(blocks(written)).replace("<", " ").replace(">", " ").split()
    assert sorted(found) == sorted(words)


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "vbscript:x", "//evil.example", "/signed-in/", "#x"]
)
def test_a_link_that_is_neither_web_nor_mail_is_only_its_words(href):
    (block,) = blocks(f"[words]({href})")
    assert plain([block]).startswith(("words", "[words]"))
    assert all("href" not in run for run in block["runs"])


@pytest.mark.parametrize("written", ["```\n```", "- ```\n  ```", "- []()", "#", ">", "-", "***", "[](https://example.org)"])
def test_what_has_no_words_leaves_no_empty_block(written):
    tree = blocks(f"before\n\n{written}\n\nafter")
    assert "".join(plain(tree).split()) == "beforeafter"
    assert [] not in [runs for block in tree for runs in (block["items"] if block["kind"] == "list" else [block["runs"]])]
