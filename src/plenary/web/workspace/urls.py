"""The signed-in part: each page with the posts that may see it."""

from __future__ import annotations

from functools import partial

from plenary.core.permissions import CentreDataManager, CentreLead, NationalCommissioner, NetworkLead
from plenary.web.routes import SIGNED_IN, route
from plenary.web.workspace import cases, collection, home, series, submissions
from plenary.web.workspace.submissions import OF_ITS_CENTRE

CENTRE = (CentreDataManager, CentreLead)
FOLLOWERS = (CentreDataManager, CentreLead, NetworkLead, NationalCommissioner)
HERE = "workspace/collection/<slug:service>/<str:ods>/<str:period>/"
SENT = "workspace/submissions/<int:number>/"

urlpatterns = [
    route("workspace/", home.my_work, "workspace", SIGNED_IN),
    # collection
    route("workspace/collection/", collection.my_centres, "collection", FOLLOWERS),
    route("workspace/collection.csv", partial(collection.my_centres, as_file=True), "collection_file", FOLLOWERS),
    route(HERE, collection.series, "series", CENTRE),
    route(f"{HERE}upload/", collection.upload, "upload", CENTRE),
    route(f"{HERE}headings.csv", collection.headings, "headings", CENTRE),
    route(f"{HERE}cases/", cases.cases, "cases", CENTRE),
    route(f"{HERE}cases.csv", partial(cases.cases, as_file=True), "cases_file", CENTRE),
    route(f"{HERE}key/", cases.key_case, "key_case", CENTRE),
    route(f"{HERE}expected/", series.expected, "expected", CENTRE),
    route(f"{HERE}expected.csv", partial(series.expected, as_file=True), "expected_file", CENTRE),
    route(f"{HERE}expected/add/", series.expect, "expect", CENTRE),
    route(f"{HERE}expected/<int:number>/", series.explain, "explain", CENTRE),
    route(f"{HERE}sign-off/", series.sign_off, "sign_off", (CentreLead,)),
    route(f"{HERE}reopen/", series.reopen, "reopen_series", (NetworkLead,)),
    route(SENT, submissions.submission, "submission", OF_ITS_CENTRE),
    route(f"{SENT}findings.csv", partial(submissions.submission, as_file=True), "findings_file", OF_ITS_CENTRE),
    route(f"{SENT}changes/", submissions.changes, "changes", OF_ITS_CENTRE),
    route(f"{SENT}changes.csv", partial(submissions.changes, as_file=True), "changes_file", OF_ITS_CENTRE),
    route(f"{SENT}check/", submissions.check, "check_submission", OF_ITS_CENTRE),
    route(f"{SENT}accept/", submissions.accept, "accept_submission", OF_ITS_CENTRE),
    route(f"{SENT}refuse/", submissions.refuse, "refuse_submission", OF_ITS_CENTRE),
]
