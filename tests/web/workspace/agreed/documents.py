"""Two versions of a data set and an outcome set, and how a browser sends and reads them."""

import base64
import csv
import io

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import outcomes as make
from tests.factories.collection import DICTIONARY

LIST = "/workspace/agreed/"
ADOPT = f"{LIST}adopt/"
LATER = DICTIONARY.replace("PF ratio,", "PaO2 / FiO2,").replace("0,100", "0,90") + (
    'mobility,case,radio,Mobility,"1, Walks | 2, Does not walk",,,,,,\n'
)
OUTCOMES = make.OUTCOMES.replace("2025-1", "2026-1").replace("Survival to discharge", "Alive at discharge")


def of(kind, version, rest=""):
    return f"{LIST}{kind}/{version.pk}/{rest}"


def upload(browser, content=LATER, **values):
    day = {"adopted_on_day": "1", "adopted_on_month": "4", "adopted_on_year": "2026"}
    usual = {"kind": "data-set", "service": "adult-ecmo", "version": "2027-1"} | day
    sent = {"file": SimpleUploadedFile("document.csv", content.encode())} if content is not None else {}
    return browser.post(ADOPT, usual | sent | values)


def confirm(browser, document=LATER, **values):
    usual = {"kind": "data-set", "service": "adult-ecmo", "version": "2027-1", "adopted_on": "2026-04-01"}
    return browser.post(ADOPT, usual | {"content": base64.b64encode(document.encode()).decode()} | values, follow=True)


def table(answer):
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
