"""The signed-in part: each page with the posts that may see it."""

from __future__ import annotations

from functools import partial

from plenary.core.permissions import (
    Administrator,
    CentreDataManager,
    CentreLead,
    NationalCommissioner,
    NetworkLead,
    PatientRepresentative,
    Reviewer,
)
from plenary.web.routes import SIGNED_IN, route
from plenary.web.workspace import (
    agreed,
    ascertainment,
    audit,
    cases,
    clarifications,
    collection,
    comments,
    confirmations,
    consent,
    contract_returns,
    data_set_proposals,
    deadlines,
    designations,
    editions,
    entry,
    equity,
    follow_up,
    grids,
    home,
    narrative,
    people,
    releases,
    research,
    results,
    rules,
    scenarios,
    series,
    shared_patients,
    spend,
    submissions,
    systems,
)
from plenary.web.workspace import headings as own_headings
from plenary.web.workspace.editions import PUBLISHERS
from plenary.web.workspace.results import NETWORK
from plenary.web.workspace.submissions import OF_ITS_CENTRE

CENTRE = (CentreDataManager, CentreLead)
KEEPERS = (CentreLead, Administrator)
FOLLOWERS = (CentreDataManager, CentreLead, NetworkLead, NationalCommissioner)
PAYERS = (CentreDataManager, CentreLead, NationalCommissioner)
LEADERS = (NetworkLead, NationalCommissioner)
RELEASERS = (NetworkLead, NationalCommissioner, Reviewer)
COMMISSIONER = (NationalCommissioner,)
WRITERS = (NetworkLead, NationalCommissioner, PatientRepresentative)
ADMINISTRATOR = (Administrator,)
PERSON = "workspace/people/<int:number>/"
HERE = "workspace/collection/<slug:service>/<str:ods>/<str:period>/"
PATIENTS = "workspace/follow-up/<slug:service>/<str:ods>/"
SYSTEMS = "workspace/systems/<slug:service>/<str:ods>/"
PROPOSED = "workspace/data-set-proposals/<int:number>/"
VERSION = "workspace/agreed/<slug:kind>/<int:number>/"
SCENARIOS = "workspace/equity/scenarios/<slug:service>/"
SENT = "workspace/submissions/<int:number>/"

urlpatterns = [
    route("workspace/", home.my_work, "workspace", SIGNED_IN),
    # collection
    route("workspace/collection/", collection.my_centres, "collection", FOLLOWERS),
    route("workspace/collection.csv", partial(collection.my_centres, as_file=True), "collection_file", FOLLOWERS),
    route(HERE, collection.series, "series", CENTRE),
    route(f"{HERE}upload/", collection.upload, "upload", CENTRE),
    route(f"{HERE}headings.csv", collection.headings, "headings", CENTRE),
    route(f"{HERE}remembered/", own_headings.remembered, "remembered_headings", CENTRE),
    route(f"{HERE}remembered.csv", partial(own_headings.remembered, as_file=True), "remembered_headings_file", CENTRE),
    route(f"{HERE}remembered/forget/", own_headings.forget, "forget_headings", CENTRE),
    route(f"{HERE}cases/", cases.cases, "cases", CENTRE),
    route(f"{HERE}cases.csv", partial(cases.cases, as_file=True), "cases_file", CENTRE),
    route(f"{HERE}cases/<int:number>/changes/", entry.history, "case_history", CENTRE),
    route(f"{HERE}cases/<int:number>/changes.csv", partial(entry.history, as_file=True), "case_history_file", CENTRE),
    route(f"{HERE}key/", entry.key_case, "key_case", CENTRE),
    route(f"{HERE}drafts/", entry.drafts, "drafts", CENTRE),
    route(f"{HERE}drafts.csv", partial(entry.drafts, as_file=True), "drafts_file", CENTRE),
    route(f"{HERE}drafts/<int:number>/", entry.draft, "draft", CENTRE),
    route(f"{HERE}drafts/<int:number>/delete/", entry.drop, "drop_draft", CENTRE),
    route(f"{HERE}cases/<int:number>/erase/", cases.erase, "erase_case", (CentreLead,)),
    route(f"{HERE}expected/", series.expected, "expected", CENTRE),
    route(f"{HERE}expected.csv", partial(series.expected, as_file=True), "expected_file", CENTRE),
    route(f"{HERE}expected/add/", series.expect, "expect", CENTRE),
    route(f"{HERE}expected/<int:number>/", series.explain, "explain", CENTRE),
    route(f"{HERE}expected/<int:number>/reply/", series.reply, "reply_expected", CENTRE),
    route(f"{HERE}sign-off/", series.sign_off, "sign_off", (CentreLead,)),
    route(f"{HERE}reopen/", series.reopen, "reopen_series", (NetworkLead,)),
    route(SENT, submissions.submission, "submission", OF_ITS_CENTRE),
    route(f"{SENT}findings.csv", partial(submissions.submission, as_file=True), "findings_file", OF_ITS_CENTRE),
    route(f"{SENT}columns/", own_headings.columns, "match_columns", OF_ITS_CENTRE),
    route(f"{SENT}changes/", submissions.changes, "changes", OF_ITS_CENTRE),
    route(f"{SENT}changes.csv", partial(submissions.changes, as_file=True), "changes_file", OF_ITS_CENTRE),
    route(f"{SENT}check/", submissions.check, "check_submission", OF_ITS_CENTRE),
    route(f"{SENT}accept/", submissions.accept, "accept_submission", OF_ITS_CENTRE),
    route(f"{SENT}refuse/", submissions.refuse, "refuse_submission", OF_ITS_CENTRE),
    route(f"{HERE}consent/", consent.consents, "consents", CENTRE),
    route(f"{HERE}consent.csv", partial(consent.consents, as_file=True), "consents_file", CENTRE),
    route(f"{HERE}consent/record/", consent.record, "record_consent", CENTRE),
    route(f"{HERE}research/", research.extract, "extract_for_research", (CentreLead,)),
    # follow-up
    route("workspace/follow-up/", follow_up.centres, "follow_up", FOLLOWERS),
    route("workspace/follow-up.csv", partial(follow_up.centres, as_file=True), "follow_up_file", FOLLOWERS),
    route(PATIENTS, follow_up.patients, "follow_up_centre", CENTRE),
    route(f"{PATIENTS}patients.csv", partial(follow_up.patients, as_file=True), "follow_up_centre_file", CENTRE),
    route(f"{PATIENTS}update/", follow_up.update, "follow_up_update", CENTRE),
    route(f"{PATIENTS}file/", follow_up.upload, "follow_up_upload", CENTRE),
    route(f"{PATIENTS}cases/<int:number>/", follow_up.patient, "follow_up_case", CENTRE),
    route(f"{PATIENTS}cases/<int:number>/<int:row>/take-back/", follow_up.take_back, "follow_up_take_back", CENTRE),
    route(f"{SENT}confirm/<slug:key>/", confirmations.confirm, "confirm_warning", OF_ITS_CENTRE),
    route("workspace/confirmations/", confirmations.all_confirmations, "confirmations", FOLLOWERS),
    route("workspace/confirmations.csv", partial(confirmations.all_confirmations, as_file=True), "confirmations_file", FOLLOWERS),
    route("workspace/shared-patients/", shared_patients.all_shared, "shared_patients", FOLLOWERS),
    route("workspace/shared-patients.csv", partial(shared_patients.all_shared, as_file=True), "shared_patients_file", FOLLOWERS),
    route("workspace/shared-patients/<int:number>/", shared_patients.answer, "shared_patient", shared_patients.OF_EITHER),
    # queries and deadlines
    route("workspace/queries/", clarifications.all_queries, "data_queries", FOLLOWERS),
    route("workspace/queries.csv", partial(clarifications.all_queries, as_file=True), "data_queries_file", FOLLOWERS),
    route("workspace/queries/ask/", clarifications.ask, "ask_query", LEADERS),
    route("workspace/queries/<int:number>/", clarifications.query, "data_query", clarifications.PARTIES),
    route("workspace/queries/<int:number>/close/", clarifications.close, "data_query_close", clarifications.ASKERS),
    route("workspace/deadlines/", deadlines.all_deadlines, "deadlines", FOLLOWERS),
    route("workspace/deadlines.csv", partial(deadlines.all_deadlines, as_file=True), "deadlines_file", FOLLOWERS),
    route("workspace/deadlines/<slug:service>/<str:period>/", deadlines.set_deadline, "set_deadline", LEADERS),
    route("workspace/reminders/", deadlines.reminders, "reminders", FOLLOWERS),
    route("workspace/reminders.csv", partial(deadlines.reminders, as_file=True), "reminders_file", FOLLOWERS),
    route("workspace/reminders/choose/", deadlines.choose, "choose_reminders", FOLLOWERS),
    # ascertainment
    route("workspace/ascertainment/", ascertainment.ascertainment, "ascertainment", FOLLOWERS),
    route("workspace/ascertainment.csv", partial(ascertainment.ascertainment, as_file=True), "ascertainment_file", FOLLOWERS),
    route("workspace/ascertainment/load/", ascertainment.load, "load_hospital_data", COMMISSIONER),
    route("workspace/ascertainment/list/", ascertainment.send_list, "expect_list", (NetworkLead,)),
    # systems of a centre
    route("workspace/systems/", systems.all_systems, "all_systems", KEEPERS),
    route("workspace/systems.csv", partial(systems.all_systems, as_file=True), "all_systems_file", KEEPERS),
    route(SYSTEMS, systems.systems, "systems", KEEPERS),
    route(f"{SYSTEMS[:-1]}.csv", partial(systems.systems, as_file=True), "systems_file", KEEPERS),
    route(f"{SYSTEMS}issue/", systems.issue, "issue_key", KEEPERS),
    route(f"{SYSTEMS}<int:number>/revoke/", systems.revoke, "revoke_key", KEEPERS),
    # equity of access
    route("workspace/equity/", equity.all_runs, "equity_runs", FOLLOWERS),
    route("workspace/equity.csv", partial(equity.all_runs, as_file=True), "equity_runs_file", FOLLOWERS),
    route("workspace/equity/<int:number>/", equity.run, "equity_run", equity.NETWORK),
    route("workspace/equity/<int:number>/areas.csv", equity.areas_file, "equity_areas_file", equity.NETWORK),
    route("workspace/equity/<int:number>/figures.csv", equity.figures_file, "equity_figures_file", equity.NETWORK),
    route(SCENARIOS, scenarios.kept, "scenarios", scenarios.READERS),
    route(f"{SCENARIOS}scenarios.csv", partial(scenarios.kept, as_file=True), "scenarios_file", scenarios.READERS),
    route(f"{SCENARIOS}ask/", scenarios.ask, "ask_scenario", LEADERS),
    route("workspace/equity/scenario/<int:number>/", scenarios.scenario, "scenario", scenarios.READERS_OF_ONE),
    # results
    route("workspace/results/", results.all_runs, "results", FOLLOWERS),
    route("workspace/results.csv", partial(results.all_runs, as_file=True), "results_file", FOLLOWERS),
    route("workspace/results/run/", results.run_results, "run_results", LEADERS),
    route("workspace/results/<int:number>/", results.run, "run", NETWORK),
    route("workspace/results/<int:number>/figures.csv", results.run_file, "run_file", NETWORK),
    route("workspace/results/<int:number>/centre/<str:ods>/", comments.own_results, "own_results", comments.OWN_CENTRE),
    route(
        "workspace/results/<int:number>/centre/<str:ods>/comment/<slug:outcome>/",
        comments.comment,
        "comment_results",
        comments.OWN_CENTRE,
    ),
    route("workspace/results/<int:number>/comments/", comments.comments, "result_comments", NETWORK),
    route(
        "workspace/results/<int:number>/comments.csv",
        partial(comments.comments, as_file=True),
        "result_comments_file",
        NETWORK,
    ),
    route("workspace/results/names/<slug:service>/", comments.peer_names, "peer_names", (NetworkLead,)),
    # what networks agree
    route("workspace/agreed/", agreed.all_versions, "agreed_sets", FOLLOWERS),
    route("workspace/agreed.csv", partial(agreed.all_versions, as_file=True), "agreed_sets_file", FOLLOWERS),
    route("workspace/agreed/adopt/", agreed.adopt, "adopt_set", LEADERS),
    route("workspace/agreed/data-set/<int:number>/as/<slug:form>/", agreed.export, "agreed_export", agreed.EXPORT),
    route(VERSION, agreed.version, "agreed_set", agreed.NETWORK),
    route(f"{VERSION}words.csv", partial(agreed.version, as_file=True), "agreed_set_file", agreed.NETWORK),
    route(f"{VERSION}document/", agreed.document, "agreed_document", agreed.NETWORK),
    route(f"{VERSION}changes/", agreed.changes, "agreed_changes", agreed.NETWORK),
    route(f"{VERSION}changes.csv", partial(agreed.changes, as_file=True), "agreed_changes_file", agreed.NETWORK),
    # data sets that are proposed
    route("workspace/data-set-proposals/", data_set_proposals.all_proposals, "data_set_proposals", FOLLOWERS),
    route(
        "workspace/data-set-proposals.csv",
        partial(data_set_proposals.all_proposals, as_file=True),
        "data_set_proposals_file",
        FOLLOWERS,
    ),
    route("workspace/data-set-proposals/propose/", data_set_proposals.propose, "propose_data_set", FOLLOWERS),
    route(PROPOSED, data_set_proposals.proposal, "data_set_proposal", data_set_proposals.OF_NETWORK),
    route(
        f"{PROPOSED}changes.csv",
        partial(data_set_proposals.proposal, as_file=True),
        "data_set_proposal_file",
        data_set_proposals.OF_NETWORK,
    ),
    route(f"{PROPOSED}document/", data_set_proposals.document, "data_set_proposal_document", data_set_proposals.OF_NETWORK),
    route(f"{PROPOSED}as/<slug:form>/", data_set_proposals.export, "data_set_proposal_export", data_set_proposals.EXPORT),
    route(f"{PROPOSED}remark/", data_set_proposals.remark, "data_set_proposal_remark", data_set_proposals.OF_NETWORK),
    route(f"{PROPOSED}adopt/", data_set_proposals.adopt, "data_set_proposal_adopt", LEADERS),
    route(f"{PROPOSED}withdraw/", data_set_proposals.withdraw, "data_set_proposal_withdraw", data_set_proposals.OF_NETWORK),
    # expenditure
    route("workspace/expenditure/", spend.expenditure, "expenditure", FOLLOWERS),
    route("workspace/expenditure.csv", partial(spend.expenditure, as_file=True), "expenditure_file", FOLLOWERS),
    route("workspace/expenditure/<slug:service>/<str:ods>/<str:period>/", spend.enter, "enter_expenditure", PAYERS),
    route(
        "workspace/expenditure/<slug:service>/<str:ods>/<str:period>/file/",
        contract_returns.send,
        "send_contract_return",
        PAYERS,
    ),
    route("workspace/contract-monitoring/", contract_returns.all_returns, "contract_returns", FOLLOWERS),
    route(
        "workspace/contract-monitoring.csv",
        partial(contract_returns.all_returns, as_file=True),
        "contract_returns_file",
        FOLLOWERS,
    ),
    route(
        "workspace/contract-monitoring/<int:number>/",
        contract_returns.contract_return,
        "contract_return",
        contract_returns.OF_ITS_CENTRE,
    ),
    route(
        "workspace/contract-monitoring/<int:number>/findings.csv",
        contract_returns.findings_file,
        "contract_findings_file",
        contract_returns.OF_ITS_CENTRE,
    ),
    # releases
    route("workspace/releases/", releases.all_proposals, "releases", RELEASERS),
    route("workspace/releases.csv", partial(releases.all_proposals, as_file=True), "releases_file", RELEASERS),
    route("workspace/releases/propose/", releases.propose, "propose", LEADERS),
    route("workspace/releases/<int:number>/", releases.proposal, "proposal", RELEASERS),
    route("workspace/releases/<int:number>/rows.csv", partial(releases.proposal, as_file=True), "proposal_file", RELEASERS),
    route("workspace/releases/<int:number>/audit.json", releases.audit_file, "proposal_audit", RELEASERS),
    route("workspace/releases/<int:number>/grid/", grids.grid, "proposal_grid", RELEASERS),
    route("workspace/releases/<int:number>/grid.csv", partial(grids.grid, as_file=True), "proposal_grid_file", RELEASERS),
    route("workspace/releases/<int:number>/cell/", grids.cell, "proposal_cell", RELEASERS),
    route("workspace/releases/<int:number>/cell/cost/", grids.ask_cost, "ask_cost", RELEASERS),
    route("workspace/releases/<int:number>/coarser/", grids.coarser, "coarser", RELEASERS),
    route("workspace/releases/<int:number>/prepare/", releases.prepare, "prepare_proposal", LEADERS),
    route("workspace/releases/<int:number>/again/", releases.again, "prepare_again", LEADERS),
    route("workspace/releases/<int:number>/review/", releases.review, "review", (Reviewer,)),
    route("workspace/releases/<int:number>/release/", releases.freeze, "freeze", LEADERS),
    route("workspace/releases/<int:number>/withdraw/", releases.withdraw, "withdraw", LEADERS),
    # the rules of disclosure control
    route("workspace/rules/", rules.all_versions, "rules", RELEASERS),
    route("workspace/rules.csv", partial(rules.all_versions, as_file=True), "rules_file", RELEASERS),
    route("workspace/rules/version/<str:name>/", rules.version, "rules_version", RELEASERS),
    route("workspace/rules/draft/", rules.draft, "draft_rules", COMMISSIONER),
    route("workspace/rules/tried/<int:number>/", rules.tried, "tried_rules", COMMISSIONER),
    # editions
    route("workspace/editions/", editions.all_editions, "manage_editions", PUBLISHERS),
    route("workspace/editions.csv", partial(editions.all_editions, as_file=True), "manage_editions_file", PUBLISHERS),
    route("workspace/editions/build/<int:number>/", editions.build, "build_edition", PUBLISHERS),
    route("workspace/editions/<int:number>/build/", editions.build_now, "build_now", PUBLISHERS),
    route("workspace/editions/<int:number>/retry/", editions.retry, "retry_edition", PUBLISHERS),
    route("workspace/editions/<int:number>/set-aside/", editions.set_aside, "set_edition_aside", PUBLISHERS),
    route("workspace/editions/<int:number>/publish/", editions.publish, "publish", PUBLISHERS),
    route("workspace/editions/<int:number>/preview/<path:name>", editions.preview, "preview", PUBLISHERS),
    route("workspace/narrative/", narrative.narrative, "narrative", WRITERS),
    route("workspace/narrative.csv", partial(narrative.narrative, as_file=True), "narrative_file", WRITERS),
    route("workspace/narrative/<slug:service>/<str:period>/<slug:section>/", narrative.write, "write_narrative", WRITERS),
    # the register
    route("workspace/designations/", designations.designations, "designations", COMMISSIONER),
    route("workspace/designations.csv", partial(designations.designations, as_file=True), "designations_file", COMMISSIONER),
    route("workspace/designations/new/", designations.designate, "designate", COMMISSIONER),
    route("workspace/designations/<slug:service>/<str:ods>/end/", designations.de_nominate, "de_nominate", COMMISSIONER),
    # people
    route("workspace/done/<int:number>/", audit.done, "done", SIGNED_IN),
    route("workspace/people/", people.people, "people", ADMINISTRATOR),
    route("workspace/people.csv", partial(people.people, as_file=True), "people_file", ADMINISTRATOR),
    route("workspace/people/add/", people.add, "add_person", ADMINISTRATOR),
    route(f"{PERSON}", people.person, "person", ADMINISTRATOR),
    route(f"{PERSON}appoint/", people.appoint, "appoint", ADMINISTRATOR),
    route(f"{PERSON}posts/<int:post>/end/", people.end_post, "end_post", ADMINISTRATOR),
    route(f"{PERSON}invite/", people.invite, "invite", ADMINISTRATOR),
    route(f"{PERSON}reset/", people.reset, "reset_person", ADMINISTRATOR),
    route(f"{PERSON}close/", people.close, "close_person", ADMINISTRATOR),
    route("workspace/events/", audit.audit, "audit", ADMINISTRATOR),
    route("workspace/events.csv", partial(audit.audit, as_file=True), "audit_file", ADMINISTRATOR),
    route("workspace/events/verify/", audit.verify, "verify_audit", ADMINISTRATOR),
]
