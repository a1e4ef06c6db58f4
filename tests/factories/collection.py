"""Data sets, files and submissions for tests. Cases come in by the same actions as in life."""

from __future__ import annotations

import csv
import io
import tomllib
from datetime import date
from pathlib import Path

import factory

from plenary.collection import actions
from plenary.collection.models import DataSetVersion, Submission
from plenary.core import actions as core_actions
from plenary.core import permissions
from plenary.core.actions import adopt_policy
from plenary.core.terms import SYSTEM, Who
from plenary.registry.models import Centre
from tests.factories.core import make_who
from tests.factories.registry import CentreFactory, ServiceFactory

START, END = date(2025, 1, 1), date(2026, 1, 1)

DICTIONARY = """Variable / Field Name,Form Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels",Text Validation Type OR Show Slider Number,Text Validation Min,Text Validation Max,Identifier?,Required Field?,Field Annotation
case_id,case,text,Case identifier,,,,,,y,
nhs_number,case,text,NHS number,,,,,y,,
birth_date,case,text,Date of birth,,date_dmy,,,y,,
sex,case,radio,Sex,"female, Female | male, Male",,,,,y,
area,case,text,Area of residence,,,,,,,
admitted_on,case,text,Admitted on,,date_dmy,,,,y,@INDEXDATE
pf_ratio,case,text,PF ratio,,number,0,100,,,
status,case,radio,Status at discharge,"alive, Alive | dead, Dead",,,,,y,
"""

COLUMNS = ("case_id", "nhs_number", "birth_date", "sex", "area", "admitted_on", "pf_ratio", "status")


def case(case_id: str, **values: str) -> dict[str, str]:
    """Return one sound case as a centre writes it."""
    usual = {"nhs_number": "", "birth_date": "02/03/1980", "sex": "female", "area": "QE1", "admitted_on": "15/06/2025"}
    return {"case_id": case_id} | usual | {"pf_ratio": "9.4", "status": "alive"} | values


def case_file(*cases: dict[str, str]) -> bytes:
    """Return the CSV file of these cases."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(cases)
    return out.getvalue().encode()


class DataSetVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DataSetVersion

    @classmethod
    def _create(cls, model_class, *args, service=None, version="2025-1", content=None, adopted_on=START):
        return actions.adopt_data_set(
            service=service or ServiceFactory(),
            version=version,
            content=content or DICTIONARY.encode(),
            adopted_on=adopted_on,
            by=SYSTEM,
        )


def shipped(name: str) -> None:
    """Put the shipped policy of a name in force."""
    path = Path(__file__).parents[2] / "definitions" / "policies" / f"{name}-1.toml"
    found = tomllib.loads(path.read_text("utf-8"))
    wanted = {key: found[key] for key in ("name", "version", "valid_from", "body", "source")}
    core_actions.adopt_policy(**wanted, by=SYSTEM)


def make_centre(slug: str = "adult-ecmo", ods: str = "RJ1") -> Centre:
    """Return a centre of a service that has an agreed data set."""
    centre = CentreFactory(service__slug=slug, ods=ods)
    if not centre.service.data_set_versions.exists():
        DataSetVersionFactory(service=centre.service)
    return centre


def manager(centre: Centre, person_id: int = 11) -> Who:
    return make_who(permissions.CentreDataManager, centre.key, person_id=person_id, name="Dana Manager")


def lead(centre: Centre, person_id: int = 12) -> Who:
    return make_who(permissions.CentreLead, centre.key, person_id=person_id, name="Lee Lead")


def network_lead(centre: Centre, person_id: int = 13) -> Who:
    return make_who(permissions.NetworkLead, centre.service.slug, person_id=person_id, name="Nat Work")


def receive(
    centre: Centre, *cases: dict[str, str], filename: str = "cases.csv", start: date = START, end: date = END
) -> Submission:
    """Send a file of these cases, unchecked."""
    content = case_file(*cases)
    return actions.receive(
        centre=centre, period_start=start, period_end=end, filename=filename, content=content, by=manager(centre)
    )


def accepted(centre: Centre, *cases: dict[str, str], start: date = START, end: date = END) -> Submission:
    """Send, check and accept a file of these cases."""
    submission = receive(centre, *cases, start=start, end=end)
    actions.check(submission_id=submission.pk, by=SYSTEM)
    return actions.accept(submission_id=submission.pk, by=manager(centre))


def signed_off(centre: Centre, *cases: dict[str, str], start: date = START, end: date = END):
    """Send, check, accept and sign off these cases."""
    accepted(centre, *cases, start=start, end=end)
    return actions.sign_off_series(centre=centre, period_start=start, period_end=end, by=lead(centre))


def rules(version: str = "1", valid_from: date = date(2017, 4, 1), **body: object) -> None:
    """Put rules of collecting in force."""
    adopt_policy(name="collection", version=version, valid_from=valid_from, body=body, source="test", by=SYSTEM)
