"""Reads the model formulas of the reference cases: ``Surv(start, time, status) ~ age + celltype + strata(centre)``."""

import re
from typing import Any

import pandas as pd


def survival_model(formula: str, rows: pd.DataFrame, terms: list[str]) -> tuple[dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Return the arguments of a model: times, covariates in the order of ``terms`` and strata; and the rows that are complete."""
    left, right = formula.split("~")
    names = [name.strip() for name in re.search(r"Surv\((.*)\)", left)[1].split(",")]
    parts = [part.strip() for part in right.split("+")]
    strata = [part.removeprefix("strata(").removesuffix(")").strip() for part in parts if part.startswith("strata(")]
    plain = [part for part in parts if not part.startswith("strata(")]
    rows = rows.dropna(subset=[*names, *strata, *(name.removeprefix("factor(").removesuffix(")") for name in plain)])
    patients = dict(zip(("event", "time", "entry"), (rows[name] for name in reversed(names)), strict=False))
    layer = rows[strata].astype(str).agg(" ".join, axis=1) if strata else None
    return patients | {"strata": layer}, {term: column(rows, plain, term) for term in terms}, rows


def column(rows: pd.DataFrame, parts: list[str], term: str) -> pd.Series:
    """Return the column of a term: a number as it is, or one level of a factor against all others."""
    for part in sorted(parts, key=len, reverse=True):
        name = part.removeprefix("factor(").removesuffix(")")
        if term == part and rows[name].dtype != object:
            return rows[name].astype(float)
        if term.startswith(part):
            level = term.removeprefix(part)
            return (rows[name].astype(str).str.removesuffix(".0") == level.removesuffix(".0")).astype(float)
    raise AssertionError(f"no column for the term {term} among {parts}")
