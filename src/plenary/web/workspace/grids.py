"""A proposal as a table of centres by groups, and one withheld number of it: why, what shows of it, what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST
from markupsafe import Markup

from plenary.core.terms import NotFound
from plenary.releases import actions
from plenary.releases.queries import proposals, showing, trials
from plenary.releases.queries.reviewed import FIRST, reviewed
from plenary.releases.queries.sums import sums_of
from plenary.releases.terms import Cost, Deduced, Reviewed, Rule, SumSeen, Term, TrialKind
from plenary.web.design.fields import FilterForm
from plenary.web.design.formats import number, plural
from plenary.web.design.pages import render_page
from plenary.web.design.tables import Cell, Column, Link, Several, Table, Tag, table
from plenary.web.routes import who
from plenary.web.workspace.pages import LOOK_AGAIN, NOT_POSSIBLE, Crumbs, home, list_page, look_again
from plenary.web.workspace.proposed import (
    MARKS,
    SECTION,
    TABLES,
    figures,
    limits,
    one_proposal,
    quantity_words,
    range_words,
    service_names,
)
from plenary_stats import charts
from plenary_stats.tables import TOTAL

GROUPS = ("area", "sex", "age_band", "measure", "period")
"""What may stand across the page; centres stand down it."""
HEADS = {"area": "Area", "sex": "Sex", "age_band": "Age", "measure": "Measure", "period": "Period", "centre": "Centre"}
WIDE = 8
"""With more groups than this, and more than centres, the groups stand down the page and the centres across."""
SHOWN_TERMS = 12
"""So many parts of a sum are written out; of more, the withheld ones and what the others are together."""

RULES = {
    Rule.PATIENTS: Tag("Small", "orange"),
    Rule.EVENTS: Tag("Few events", "pink"),
    Rule.AMOUNT: Tag("One centre's amount", "yellow"),
    Rule.ANOTHER: Tag("With another", "purple"),
}
VERDICTS = {
    "safe": Tag("Wide enough", "green"),
    "narrow": Tag("Too narrow", "red"),
    "exact": Tag("Worked out", "red"),
    "public": Tag("Public elsewhere", "grey"),
}


def _crumbs(one: Any) -> Crumbs:
    return [*home(), (SECTION, reverse("releases")), (str(one), reverse("proposal", args=[one.pk]))]


# -- the grid


class GridFilter(FilterForm):
    """Which table of which service, what stands across the page, and where everything else stands."""

    service = forms.ChoiceField(label="Service")
    table = forms.ChoiceField(label="Table")
    across = forms.ChoiceField(label="Across the page")
    measure = forms.ChoiceField(label="Measure")
    period = forms.ChoiceField(label="Period")
    area = forms.ChoiceField(label="Area")
    sex = forms.ChoiceField(label="Sex")
    age_band = forms.ChoiceField(label="Age")

    def __init__(self, data: Any, rows: Sequence[Reviewed], names: Mapping[str, str]) -> None:
        super().__init__(data)
        asked = data
        service = self._offer("service", asked, {row.place["service"]: row.place["service"] for row in rows}, names)
        rows = [row for row in rows if row.place["service"] == service]
        name = self._offer("table", asked, {row.table: row.table for row in rows}, TABLES)
        self.rows = [row for row in rows if row.table == name]
        codes = {group: list(dict.fromkeys(row.place[group] for row in self.rows)) for group in GROUPS}
        several = [group for group in GROUPS if len(codes[group]) > 1] or ["period"]
        self.laid_out_by = self._offer("across", asked, dict.fromkeys(several), HEADS)
        self.fixed = {
            group: self._offer(group, asked, dict.fromkeys(codes[group]), {"": "All", TOTAL: "All"})
            for group in GROUPS
            if group != self.laid_out_by
        }
        kept = {"service": service, "table": name, "across": self.laid_out_by, **self.fixed}
        for field in [field for field in self.fields if field == self.laid_out_by or len(self.fields[field].choices) < 2]:  # type: ignore[attr-defined]
            del self.fields[field]
        self.data = kept

    def _offer(self, field: str, asked: Any, codes: Iterable[str], words: Mapping[str, str]) -> str:
        """Offer the codes that there are; return the one asked for, else all together, else the first."""
        offered = list(codes)
        self.fields[field].choices = [(code, words.get(code, code)) for code in offered]  # type: ignore[attr-defined]
        usual = next((code for code in ("patients", TOTAL) if code in offered), offered[0] if offered else "")
        return asked[field] if asked.get(field) in offered else usual

    @property
    def narrowed(self) -> bool:
        return False

    def chosen_rows(self) -> list[Reviewed]:
        """Return the rows that stand in the grid."""
        return [row for row in self.rows if all(row.place[group] == code for group, code in self.fixed.items())]


def grid(request: HttpRequest, number: int, *, as_file: bool = False) -> HttpResponse:
    """Show one table of one service as centres by groups, the withheld numbers marked for those who review them."""
    asking = who(request)
    one = one_proposal(asking, number)
    names = service_names(one)
    form = GridFilter(request.GET, reviewed(asking, one), names)
    rows = form.chosen_rows()
    columns, lines = _laid_out(one, rows, form.laid_out_by)
    service = form.data["service"]
    withheld = sum(row.withheld for row in rows)
    return list_page(
        request,
        title=f"{names.get(service, service) or 'Nothing to show'}: {TABLES.get(form.data['table'], form.data['table'])}",
        section=SECTION,
        crumbs=_crumbs(one),
        columns=columns,
        rows=lines,
        filter=form,
        file=f"proposal-{one.pk}-{service}-{form.data['table']}.csv",
        as_file=as_file,
        download=reverse("proposal_grid_file", args=[one.pk]),
        template="workspace/grid.jinja",
        said=f"{withheld:,} of {plural(len(rows), 'figure')} here would be withheld.",
        rules=[(RULES[rule], words) for rule, words in _legend().items() if any(row.rule is rule for row in rows)],
        empty=("There is nothing to review in this proposal.", None, None),
    )


def _legend() -> Mapping[Rule, str]:
    return {
        Rule.PATIENTS: "fewer patients than the rule allows",
        Rule.EVENTS: "few had the outcome, or few had not",
        Rule.AMOUNT: "one contributor's amount shows through",
        Rule.ANOTHER: "large enough itself, but it would give a withheld number away",
    }


def _laid_out(one: Any, rows: Sequence[Reviewed], across: str) -> tuple[list[str | Column], list[list[Cell]]]:
    """Return headings and lines: centres down and groups across, or the other way round where that fits the page better."""
    at = {(row.place["centre"], row.place[across]): row for row in rows}
    centres, groups = (_ordered(place[side] for place in at) for side in (0, 1))
    if len(groups) > max(WIDE, len(centres)):
        heads, down = centres, groups
        found = [[at.get((centre, group)) for centre in heads] for group in down]
        first = HEADS[across]
    else:
        heads, down = groups, centres
        found = [[at.get((centre, group)) for group in heads] for centre in down]
        first = "Centre"
    columns: list[str | Column] = [first, *(Column(_all(head), numeric=True) for head in heads)]
    lines = [[_all(name), *(_shown(one, row) for row in line)] for name, line in zip(down, found, strict=True)]
    return columns, lines


def _ordered(codes: Iterable[str]) -> list[str]:
    """Return codes once each, as the results have them, with all together at the end."""
    found = list(dict.fromkeys(codes))
    return sorted(found, key=lambda code: code in {"", TOTAL})


def _all(code: str) -> str:
    return "All" if code in {"", TOTAL} else code


def _shown(one: Any, row: Reviewed | None) -> Cell:
    """Return a figure as it would leave; a withheld one with its reason, what can be worked out, and the way to its page."""
    if row is None:
        return ""
    if row.rule is None:
        return MARKS.get(row.status) or figures(row, row.after)
    link = Link(f"[c] {range_words(row.deduced[0]) if row.deduced else 'withheld'}", _address(one, row), f"at {_where(row)}")
    return Several((RULES[row.rule], link))


def _address(one: Any, row: Reviewed, name: str = "proposal_cell") -> str:
    return f"{reverse(name, args=[one.pk])}?{urlencode({'table': row.table, **row.place})}"


def _where(row: Reviewed) -> str:
    """Return the place of a row in words, its service left out."""
    words = [row.place[name] for name in ("centre", "area", "sex", "age_band") if row.place[name] not in {"", TOTAL}]
    return ", ".join([*(words or ["all centres"]), row.place["measure"], row.place["period"]])


# -- one number


def cell(request: HttpRequest, number: int) -> HttpResponse:
    """Show one withheld number: before and after, why, the sums that it stands in, what can be worked out, what it would cost."""
    asking = who(request)
    one = one_proposal(asking, number)
    rows = reviewed(asking, one)
    row = _asked_for(rows, request)
    trial = trials.latest(asking, one, TrialKind.SHOW, trials.about_row(row))
    why_not = trials.why_failed(trial) if trial else ""
    waiting = trial is not None and not why_not and not trial.answer_sha256
    names = service_names(one)
    policy = proposals.document(one.policy_sha256)
    answer = render_page(
        request,
        "workspace/cell.jinja",
        title=f"{TABLES.get(row.table, row.table)}: {_where(row)}",
        section=SECTION,
        crumbs=[*_crumbs(one), (names.get(row.place["service"], row.place["service"]), _grid_address(one, row))],
        facts=_facts(row, names),
        numbers=_numbers(row),
        picture=_strip(row, policy),
        sums=_sums(one, row, sums_of(rows, row, policy["hierarchies"])),
        may_show=row.rule is Rule.ANOTHER,
        withheld=row.withheld,
        cost=_cost_words(trials.cost(trial), names) if trial and trial.answer_sha256 else None,
        waiting=waiting,
        why_not=why_not,
        seconds=LOOK_AGAIN,
        here=request.get_full_path(),
        ask=_address(one, row, "ask_cost"),
    )
    if waiting:
        look_again(request, answer)
    return answer


def _asked_for(rows: Sequence[Reviewed], request: HttpRequest) -> Reviewed:
    if not rows:
        raise NotFound("There is nothing to review in this proposal.")
    return showing.row_at(rows, request.GET.get("table", ""), request.GET.dict())


def _grid_address(one: Any, row: Reviewed) -> str:
    asked = {"service": row.place["service"], "table": row.table, "measure": row.place["measure"], "period": row.place["period"]}
    return f"{reverse('proposal_grid', args=[one.pk])}?{urlencode(asked)}"


def _facts(row: Reviewed, names: Mapping[str, str]) -> list[tuple[str, Cell]]:
    place = [(HEADS[name], _all(row.place[name])) for name in ("centre", "area", "sex", "age_band", "measure", "period")]
    protects = sorted(row.protects, key=_people_first)
    return [
        ("Service", names.get(row.place["service"], row.place["service"])),
        *place,
        ("Would be published", "[c]" if row.withheld else MARKS.get(row.status) or figures(row, row.after)),
        ("Before protection", figures(row, row.before)),
        ("Why it is withheld", Several((RULES[row.rule], row.why)) if row.rule else "It is not withheld"),
        *([("Whom it protects", Several(tuple(_number_words(*one, names) for one in protects)))] if protects else []),
    ]


def _numbers(row: Reviewed) -> Table:
    lines = [
        (
            quantity_words(one.quantity),
            number(showing.true_figure(row, one.quantity)),
            range_words(one),
            Several((VERDICTS.get(one.verdict, Tag(one.verdict)), *([one.how] if one.how else []))),
        )
        for one in row.deduced
    ]
    heads = ("Number", Column("Before protection", numeric=True), Column("A reader can work out", numeric=True), "Verdict")
    return table("What a reader can work out", heads, lines)


def _strip(row: Reviewed, policy: Mapping[str, Any]) -> Markup:
    """Draw the ranges beside the limit that the policy sets; empty where nothing is withheld."""
    drawn = [one for one in row.deduced if one.quantity != "amount"]
    if not drawn:
        return Markup()
    limit, label = limits(row.rule, policy)
    reaches = [
        charts.Reach(quantity_words(one.quantity), one.low, one.high, showing.true_figure(row, one.quantity)) for one in drawn
    ]
    told = "; ".join(f"{reach.label}: {range_words(one)}" for reach, one in zip(reaches, drawn, strict=True))
    svg = charts.strip(
        reaches,
        limit=limit,
        limit_label=label,
        prefix="range",
        headline="What a reader can work out",
        description=f"{told}. {label}: {limit:g}.",
    )
    return Markup(svg)  # noqa: S704 - our own SVG: its texts are escaped where it is drawn


def _sums(one: Any, row: Reviewed, found: Sequence[SumSeen]) -> Table:
    words = {"centre": "All centres", "area": "All areas", "sex": "All", "age_band": "All ages", "period": "All years together"}
    lines = []
    for each in found:
        whole = words.get(each.dimension, "All") if each.whole.code in {"", TOTAL} else each.whole.code
        about = f"{quantity_words(each.quantity)} by {HEADS.get(each.dimension, each.dimension).lower()}"
        left = "Not known either" if each.left is None else number(each.left)
        lines.append((about, Several((whole, _term(one, row, each.whole))), _terms(one, row, each), left))
    heads = ("Sum", Column("Together", numeric=True), "Its parts", Column("Left for the withheld", numeric=True))
    return table("The sums that it stands in", heads, lines)


def _terms(one: Any, row: Reviewed, each: SumSeen) -> Cell:
    """Return the parts of a sum; of a long one the withheld, and what the others are together."""
    parts = each.parts
    if len(parts) > SHOWN_TERMS:
        rest = [part for part in parts if part.figure is not None]
        told = f"{plural(len(rest), 'other')}, together {number(sum(part.figure or 0 for part in rest))}"
        return Several((*(_part(one, row, part) for part in parts if part.figure is None), told))
    return Several(tuple(_part(one, row, part) for part in parts))


def _part(one: Any, row: Reviewed, part: Term) -> Cell:
    shown = _term(one, row, part)
    if isinstance(shown, Link):
        return Link(f"{_all(part.code)}: {shown.text}", shown.href, shown.hidden)
    return f"{_all(part.code)}: {shown}"


def _term(one: Any, row: Reviewed, term: Term) -> Cell:
    """Return a number of a sum: the figure, this number itself, a link to another withheld one, or that it stands nowhere."""
    if term.row is None:
        return "stands nowhere"
    if term.figure is not None:
        return number(term.figure)
    if term.row == row:
        return "[c] this number"
    mark = MARKS.get(term.row.status, "[c]")
    return Link(mark, _address(one, term.row), f"at {_where(term.row)}") if term.row.withheld else mark


# -- what it would cost


@require_POST
def ask_cost(request: HttpRequest, number: int) -> HttpResponse:
    """Ask what showing a number would cost; the answer comes to its page."""
    asking = who(request)
    one = one_proposal(asking, number)
    place = request.GET.dict()
    try:
        actions.ask_cost(proposal_id=one.pk, table=place.get("table", ""), place=place, by=asking)
    except NOT_POSSIBLE as problem:
        messages.error(request, str(problem))
    return redirect(f"{reverse('proposal_cell', args=[one.pk])}?{request.GET.urlencode()}")


def coarser(request: HttpRequest, number: int) -> HttpResponse:
    """Show which coarser tables would show more than withholding in these does; by POST, have it worked out."""
    asking = who(request)
    one = one_proposal(asking, number)
    if request.method == "POST":
        try:
            actions.ask_plan(proposal_id=one.pk, by=asking)
        except NOT_POSSIBLE as problem:
            messages.error(request, str(problem))
        return redirect("coarser", one.pk)
    trial = trials.latest(asking, one, TrialKind.PLAN, {})
    why_not = trials.why_failed(trial) if trial else ""
    waiting = trial is not None and not why_not and not trial.answer_sha256
    answer = render_page(
        request,
        "workspace/coarser.jinja",
        title="What coarser tables would show",
        section=SECTION,
        crumbs=_crumbs(one),
        plan=_plan_words(trials.answer(trial)) if trial and trial.answer_sha256 else None,
        waiting=waiting,
        why_not=why_not,
        seconds=LOOK_AGAIN,
        ready=bool(one.content_hash),
    )
    if waiting:
        look_again(request, answer)
    return answer


def _plan_words(found: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the plan as it is read: what is shown as the tables are, and each proposal, the best one marked."""
    if found is None:
        return {}
    now, best = found["baseline"], Tag("Shows most", "green")
    marks: dict[bool, Cell] = {True: "", False: Tag("Estimate", "grey")}
    rows: list[tuple[Cell, ...]] = [
        (
            each["title"][:1].upper() + each["title"][1:],
            best if each["title"] == found["best"] else marks[each["exact"]],
            each["words"],
        )
        for each in found["proposals"]
    ]
    return {
        "now": f"As the tables are, {now['figures']:,} of {now['of']:,} figures are shown.",
        "none": found["best"] == now["title"],
        "proposals": table("Coarser tables", ("Tables", "Standing", "What they show and hide"), rows),
    }


def _cost_words(cost: Cost | None, names: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the answer in words: what it protects, and which numbers would be withheld in its place."""
    if cost is None:
        return {}
    if not cost.possible:
        said = ["It cannot be shown.", cost.why]
    else:
        more = cost.secondary_after - cost.secondary_before
        change = "as many as now" if not more else f"{abs(more):,} {'more' if more > 0 else 'fewer'} than now"
        said = [
            f"With this number shown, {plural(cost.secondary_after, 'number')} would be withheld to protect others: {change}."
        ]
    if cost.loss_before is not None and cost.loss_after is not None:
        said.append(f"Information lost: {cost.loss_after:,.1f}, now {cost.loss_before:,.1f}.")
    return {
        "said": said,
        "gives_away": [
            f"{_number_words(quantity, place, names)}: {range_words(Deduced(quantity, low, high, ''))}"
            for quantity, place, low, high in cost.gives_away
        ],
        "newly_withheld": [_number_words(*one, names) for one in sorted(cost.newly_withheld, key=_people_first)],
        "newly_shown": [_number_words(*one, names) for one in sorted(cost.newly_shown, key=_people_first)],
    }


def _people_first(one: tuple[str, tuple[str, ...]]) -> bool:
    """Order numbers so that those of patients and results stand before what tells of the data."""
    return one[0] not in FIRST


def _number_words(quantity: str, place: Sequence[str], names: Mapping[str, str]) -> str:
    """Return a number that disclosure control names by quantity and place, in words."""
    service, *others, period, measure = place
    words = [code for code in others if code not in {"", TOTAL}] or ["all centres"]
    about = quantity_words(quantity) if quantity == measure or not measure else f"{quantity_words(quantity)} of {measure}"
    return f"{', '.join(word for word in (names.get(service, service), *words, period) if word)}: {about}"


def service_picture(rows: Sequence[Reviewed], names: Mapping[str, str]) -> Markup:
    """Draw how much of each service would be shown, withheld for itself, and withheld for another; empty without rows."""
    counts: dict[str, list[int]] = {}
    for row in rows:
        part = 0 if row.rule is None else 2 if row.rule is Rule.ANOTHER else 1
        counts.setdefault(row.place["service"], [0, 0, 0])[part] += 1
    if not counts:
        return Markup()
    drawn = [charts.Shares(names.get(slug, slug) or "All services", found) for slug, found in sorted(counts.items())]
    told = "; ".join(f"{one.label}: {one.counts[0]} shown, {one.counts[1]} small, {one.counts[2]} with another" for one in drawn)
    svg = charts.shares(
        drawn,
        parts=("Shown", "Small itself", "With another"),
        prefix="services",
        headline="Rows that would be shown and withheld",
        description=f"{told}.",
    )
    return Markup(svg)  # noqa: S704 - as above
