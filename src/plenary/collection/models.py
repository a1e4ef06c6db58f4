"""Tables of the room. ``Privacy`` says of every field whether it may be copied for development.

Files, dictionaries and findings are kept once as content-addressed bytes in ``core``; here stand their hashes.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from plenary.collection.terms import Explanation, Found, ProposalState, Reply, Route, SeriesState, Stance, SubmissionState
from plenary.registry.models import Centre, Service


def _choices(
    enum: type[SubmissionState | SeriesState | Route | ProposalState | Stance | Explanation | Found | Reply],
) -> list[tuple[str, str]]:
    return [(member.value, member.value.replace("_", " ")) for member in enum]


class DataSetVersion(models.Model):
    """The agreed fields of a service, one version: a data dictionary kept as bytes."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="data_set_versions")
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    adopted_on = models.DateField()

    class Meta:
        ordering = ["service", "adopted_on", "version"]
        constraints = [models.UniqueConstraint(fields=["service", "version"], name="data_set_version_once")]

    class Privacy:
        safe = {"id", "service", "version", "sha256", "adopted_on"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.service.slug} {self.version}"


class DataSetProposal(models.Model):
    """A version of a data set that somebody of the network proposes; the others comment on it and answer."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="data_set_proposals")
    version = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    why = models.TextField()
    state = models.CharField(max_length=20, choices=_choices(ProposalState), default=ProposalState.OPEN)
    proposed_at = models.DateTimeField()
    proposed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "version"], condition=Q(state="open"), name="data_set_proposal_one_open_of_a_version"
            ),
        ]

    class Privacy:
        safe = {"id", "service", "version", "sha256", "state", "proposed_at"}
        scrub = {"why", "proposed_by"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.version}, proposal {self.pk}"


class ProposalRemark(models.Model):
    """What somebody said of a proposal: a comment, or for a centre that it agrees or objects. ``field``: of which field."""

    proposal = models.ForeignKey(DataSetProposal, on_delete=models.PROTECT, related_name="remarks")
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="proposal_remarks")
    stance = models.CharField(max_length=20, choices=_choices(Stance), default=Stance.COMMENT)
    field = models.CharField(max_length=100, blank=True, default="")
    text = models.TextField(blank=True, default="")
    said_at = models.DateTimeField()
    said_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["said_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(stance="comment") | Q(centre__isnull=False), name="proposal_answer_is_of_a_centre"
            ),
        ]

    class Privacy:
        safe = {"id", "proposal", "centre", "stance", "field", "said_at"}
        scrub = {"text", "said_by"}

    def __str__(self) -> str:
        return f"{self.stance} on proposal {self.proposal_id}"


class Submission(models.Model):
    """What a centre sent for a period: a whole file, or one keyed case."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="submissions")
    period_start = models.DateField()
    period_end = models.DateField()
    route = models.CharField(max_length=10, choices=_choices(Route), default=Route.FILE)
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    data_set = models.ForeignKey(DataSetVersion, on_delete=models.PROTECT, related_name="submissions")
    state = models.CharField(max_length=20, choices=_choices(SubmissionState), default=SubmissionState.RECEIVED)
    received_at = models.DateTimeField()
    received_by = models.BigIntegerField(null=True)
    findings_sha256 = models.CharField(max_length=64, blank=True, default="")
    cases = models.PositiveIntegerField(default=0)
    blocking = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)
    notices = models.PositiveIntegerField(default=0)
    superseded_by = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="supersedes")

    class Meta:
        ordering = ["-received_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="submission_period_runs_forward"),
            models.CheckConstraint(
                condition=Q(state="superseded", superseded_by__isnull=False)
                | (~Q(state="superseded") & Q(superseded_by__isnull=True)),
                name="submission_superseded_by_something",
            ),
            models.CheckConstraint(condition=~Q(state="accepted") | Q(blocking=0), name="submission_accepted_is_sound"),
            models.UniqueConstraint(
                fields=["centre", "period_start", "period_end"],
                condition=Q(state="accepted", route="file"),
                name="submission_one_accepted_file",
            ),
        ]
        indexes = [models.Index(fields=["centre", "period_start", "state"], name="submission_by_centre")]

    class Privacy:
        safe = {
            "id",
            "centre",
            "period_start",
            "period_end",
            "route",
            "data_set",
            "state",
            "received_at",
            "cases",
            "blocking",
            "warnings",
            "notices",
            "superseded_by",
        }
        scrub = {"filename", "sha256", "findings_sha256", "received_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start} {self.filename}"


class Case(models.Model):
    """One patient's episode for a service at a centre. What was reported of it stands in its versions."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="cases")
    case_id = models.CharField(max_length=200)
    area = models.CharField(max_length=80, blank=True, default="")
    sex = models.CharField(max_length=80, blank=True, default="")
    age = models.FloatField(null=True, blank=True)
    index_on = models.DateField()
    """The date that decides the period; the first day of the submission's period where the data set names no such field."""
    erased = models.BooleanField(default=False)

    class Meta:
        ordering = ["centre", "case_id"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "case_id"], name="case_once"),
            models.CheckConstraint(condition=~Q(case_id=""), name="case_has_an_id"),
        ]
        indexes = [models.Index(fields=["centre", "index_on"], name="case_by_date")]

    class Privacy:
        safe = {"id", "centre", "erased"}
        scrub = {"case_id", "area", "sex", "age", "index_on"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.case_id}"


class CaseVersion(models.Model):
    """A case as one submission reported it. One version at most is current; a withdrawn case has none."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="versions")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    payload = models.JSONField()
    current = models.BooleanField(default=True)

    class Meta:
        ordering = ["case", "number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="case_version_once"),
            models.UniqueConstraint(fields=["case"], condition=Q(current=True), name="case_one_current_version"),
        ]

    class Privacy:
        safe = {"id", "case", "submission", "number", "current"}
        scrub = {"payload"}

    def __str__(self) -> str:
        return f"{self.case_id} version {self.number}"


class ExpectedCase(models.Model):
    """A case known to exist from another source: a referral, an MDT, hospital episodes, the payer's list."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="expected_cases")
    period_start = models.DateField()
    period_end = models.DateField()
    case_id = models.CharField(max_length=200)
    source = models.CharField(max_length=120)
    explained = models.TextField(blank=True, default="")
    explained_as = models.CharField(max_length=50, choices=_choices(Explanation), blank=True, default="")
    found = models.CharField(max_length=10, choices=_choices(Found), blank=True, default=Found.NAMED)
    linked = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, blank=True, related_name="expected_as")
    """The case that it is, or (``review``) may be. It may be another centre's."""
    reply = models.CharField(max_length=10, choices=_choices(Reply), blank=True, default=Reply.NONE)
    event_on = models.DateField(null=True, blank=True)
    particulars = models.TextField(blank=True, default="")
    """What helps the centre to find the patient in its own records; never an identifier."""
    answer = models.ForeignKey("Ascertainment", on_delete=models.PROTECT, null=True, blank=True, related_name="expected_cases")

    class Meta:
        ordering = ["centre", "period_start", "case_id", "source"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "case_id", "source"], name="expected_case_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="expected_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "source", "explained_as", "found", "linked", "reply", "answer"}
        scrub = {"case_id", "explained", "event_on", "particulars"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.case_id}"


class CaseSeries(models.Model):
    """All cases of a centre in a period. Signed off: declared complete, and frozen by the hash of what it holds."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="case_series")
    period_start = models.DateField()
    period_end = models.DateField()
    state = models.CharField(max_length=20, choices=_choices(SeriesState), default=SeriesState.OPEN)
    declared_by = models.BigIntegerField(null=True, blank=True)
    declared_at = models.DateTimeField(null=True, blank=True)
    cases = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ["centre", "period_start"]
        verbose_name_plural = "case series"
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "period_end"], name="case_series_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="series_period_runs_forward"),
            models.CheckConstraint(
                condition=Q(state="open", content_hash="", declared_by=None, declared_at=None)
                | (Q(state="signed_off", declared_by__isnull=False, declared_at__isnull=False) & ~Q(content_hash="")),
                name="series_signed_off_is_declared",
            ),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "state", "declared_at", "cases", "content_hash"}
        scrub = {"declared_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.period_start}"


class KeptRun(models.Model):
    """One computation of a room above over the cases of a service and period: its tables are kept as bytes under their hashes.

    The same inputs and code give the same tables.
    """

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="%(app_label)s_runs")
    period_start = models.DateField()
    period_end = models.DateField()
    signed_only = models.BooleanField()
    code_version = models.CharField(max_length=40)
    inputs = models.JSONField()
    """Each input's name and SHA-256."""
    inputs_hash = models.CharField(max_length=64)
    tables = models.JSONField()
    """SHA-256 of each result table, in order."""
    ran_at = models.DateTimeField()
    ran_by = models.BigIntegerField(null=True)

    class Meta:
        abstract = True
        ordering = ["-ran_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "period_start", "period_end", "signed_only", "code_version", "inputs_hash"],
                name="%(app_label)s_run_once",
            ),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="%(app_label)s_run_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "signed_only", "code_version", "ran_at", "ran_by"}
        scrub = {"inputs", "inputs_hash", "tables"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, run {self.pk}"


class Ascertainment(models.Model):
    """An answer of national hospital data for a service and period, as it was loaded. Its file is not kept: its cases are."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="ascertainments")
    period_start = models.DateField()
    period_end = models.DateField()
    filename = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    counts = models.JSONField()
    """What became of every expected case of the file: kept by status, of other days, at no centre of the service."""
    elsewhere = models.JSONField()
    """Expected cases of providers that are no centre of the service and that no centre has sent, by provider."""
    loaded_at = models.DateTimeField()
    loaded_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-loaded_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="ascertainment_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "loaded_at", "loaded_by"}
        scrub = {"filename", "sha256", "counts", "elsewhere"}

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start}, answer {self.pk}"
