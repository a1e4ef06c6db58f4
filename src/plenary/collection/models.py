"""Tables of the room. ``Privacy`` says of every field whether it may be copied for development.

Files, dictionaries and findings are kept once as content-addressed bytes in ``core``; here stand their hashes.
"""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.db.models import F, Q

from plenary.collection.terms import (
    Answer,
    Explanation,
    Found,
    ProposalState,
    QueryState,
    Reply,
    Route,
    SeriesState,
    SharedAnswer,
    SharedState,
    Source,
    Stance,
    SubmissionState,
    VitalStatus,
    Wish,
)
from plenary.registry.models import Centre, Service


def _choices(enum: type[StrEnum]) -> list[tuple[str, str]]:
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
    mapping_sha256 = models.CharField(max_length=64, blank=True, default="")
    """The mapping by which its columns are read; empty where its headings are the data set's."""
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
        scrub = {"filename", "sha256", "findings_sha256", "mapping_sha256", "received_by"}

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
    counted_only = models.BooleanField(default=False, db_default=False)
    """The patient objected: that there was this case is counted, and nothing more is kept of it."""

    class Meta:
        ordering = ["centre", "case_id"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "case_id"], name="case_once"),
            models.CheckConstraint(condition=~Q(case_id=""), name="case_has_an_id"),
        ]
        indexes = [models.Index(fields=["centre", "index_on"], name="case_by_date")]

    class Privacy:
        safe = {"id", "centre", "erased", "counted_only"}
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


class ColumnMapping(models.Model):
    """What a centre's own headings mean: matched once by a person, applied to each file that follows until it is forgotten."""

    centre = models.OneToOneField(Centre, on_delete=models.PROTECT, related_name="column_mapping")
    sha256 = models.CharField(max_length=64)
    saved_at = models.DateTimeField()
    saved_by = models.BigIntegerField(null=True)

    class Privacy:
        safe = {"id", "centre", "saved_at"}
        scrub = {"sha256", "saved_by"}

    def __str__(self) -> str:
        return f"{self.centre_id}, headings"


class SystemKey(models.Model):
    """A key with which a centre's own system sends cases in its name, until it is revoked."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="system_keys")
    name = models.CharField(max_length=80)
    key_id = models.CharField(max_length=32, unique=True)
    """The secret follows from this and the installation's own key: a stolen copy of the data holds none."""
    issued_at = models.DateTimeField()
    issued_by = models.BigIntegerField(null=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["centre", "-issued_at", "-id"]

    class Privacy:
        safe = {"id", "centre", "issued_at", "revoked_at"}
        scrub = {"name", "key_id", "issued_by"}

    def __str__(self) -> str:
        return f"{self.centre_id} {self.name}"


class SystemCall(models.Model):
    """A signed call that was answered: the same signature is not taken twice, the same idempotency key has the same answer."""

    key = models.ForeignKey(SystemKey, on_delete=models.PROTECT, related_name="calls")
    signature = models.CharField(max_length=64)
    idempotency = models.CharField(max_length=120, blank=True, default="")
    request_sha256 = models.CharField(max_length=64, blank=True, default="")
    status = models.PositiveIntegerField(default=0)
    answer = models.JSONField(default=dict)
    called_at = models.DateTimeField()

    class Meta:
        ordering = ["-called_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["key", "signature"], name="system_call_once"),
            models.UniqueConstraint(fields=["key", "idempotency"], condition=~Q(idempotency=""), name="system_call_one_answer"),
        ]

    class Privacy:
        safe = {"id", "key", "status", "called_at"}
        scrub = {"signature", "idempotency", "request_sha256", "answer"}

    def __str__(self) -> str:
        return f"call {self.pk}"


class SystemUpload(models.Model):
    """A file that a system sends in parts. It becomes a submission when all of it is there and its hash fits."""

    key = models.ForeignKey(SystemKey, on_delete=models.PROTECT, related_name="uploads")
    token = models.CharField(max_length=32, unique=True)
    period_start = models.DateField()
    period_end = models.DateField()
    filename = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    received = models.PositiveBigIntegerField(default=0)
    parts = models.JSONField(default=list)
    """SHA-256 of each part that came, in order: kept bytes."""
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, null=True, blank=True, related_name="system_uploads")
    begun_at = models.DateTimeField()

    class Meta:
        ordering = ["-begun_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="system_upload_within_size"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="system_upload_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "key", "period_start", "period_end", "size", "received", "submission", "begun_at"}
        scrub = {"token", "filename", "parts"}

    def __str__(self) -> str:
        return f"upload {self.pk}"


class CaseDraft(models.Model):
    """A case that one person keys and has not finished. It is no case: it counts nowhere, and only that person opens it."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="drafts")
    period_start = models.DateField()
    period_end = models.DateField()
    owner = models.BigIntegerField()
    case = models.ForeignKey(Case, on_delete=models.CASCADE, null=True, blank=True, related_name="drafts")
    """The case that it corrects; none while a new case is keyed."""
    base = models.PositiveIntegerField(default=0)
    """The version of that case which the person saw."""
    typed = models.JSONField()
    begun_at = models.DateTimeField()
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-saved_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="draft_period_runs_forward"),
        ]
        indexes = [models.Index(fields=["owner", "centre", "period_start"], name="draft_by_owner")]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "base", "begun_at", "saved_at"}
        scrub = {"owner", "case", "typed"}

    def __str__(self) -> str:
        return f"{self.centre.key} draft {self.pk}"


class FollowUp(models.Model):
    """What was known of a patient on a day, and from where. Rows are added and never changed: a mistake is corrected by a row."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="follow_ups")
    seen_on = models.DateField()
    status = models.CharField(max_length=20, choices=_choices(VitalStatus))
    source = models.CharField(max_length=20, choices=_choices(Source))
    died_on = models.DateField(null=True, blank=True)
    corrects = models.OneToOneField("self", on_delete=models.CASCADE, null=True, blank=True, related_name="corrected_by")
    reported_at = models.DateTimeField()
    reported_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["case", "seen_on", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="dead", died_on__isnull=False, died_on__lte=F("seen_on"))
                | (~Q(status="dead") & Q(died_on__isnull=True)),
                name="follow_up_of_the_dead_has_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_error") | Q(corrects__isnull=False), name="follow_up_in_error_takes_one_back"
            ),
        ]

    class Privacy:
        safe = {"id", "case", "status", "source", "corrects", "reported_at"}
        scrub = {"seen_on", "died_on", "reported_by"}

    def __str__(self) -> str:
        return f"{self.case_id} {self.status} {self.seen_on}"


class Consent(models.Model):
    """What a patient said of the use of the own record, on a day. Rows are added and never changed; the last one stands.

    It knows a case by its identifier: an objection may come before the case is sent, and then it never is.
    """

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="consents")
    case_id = models.CharField(max_length=200)
    wish = models.CharField(max_length=20, choices=_choices(Wish))
    answer = models.CharField(max_length=20, choices=_choices(Answer))
    said_on = models.DateField()
    effect = models.CharField(max_length=20)
    """What it did to the case by the settings of that day."""
    settings_version = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    recorded_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["centre", "case_id", "wish", "said_on", "id"]
        constraints = [models.CheckConstraint(condition=~Q(case_id=""), name="consent_is_of_a_case")]
        indexes = [models.Index(fields=["centre", "case_id"], name="consent_by_case")]

    class Privacy:
        safe = {"id", "centre", "wish", "answer", "effect", "settings_version", "recorded_at"}
        scrub = {"case_id", "said_on", "recorded_by"}

    def __str__(self) -> str:
        return f"{self.wish} {self.answer}"


class CaseMark(models.Model):
    """Who a case is about, as pseudonyms under the key of the installation: nobody can read a person out of them.

    ``like`` is of birth date, sex and area. ``key_id`` tells pseudonyms of one key from those of another, which never fit.
    """

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="mark")
    key_id = models.CharField(max_length=16)
    nhs = models.CharField(max_length=32, blank=True, default="")
    like = models.CharField(max_length=32, blank=True, default="")
    born = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["nhs"], name="case_mark_by_nhs"),
            models.Index(fields=["like"], name="case_mark_by_like"),
        ]

    class Privacy:
        safe = {"id", "case", "key_id"}
        scrub = {"nhs", "like", "born"}

    def __str__(self) -> str:
        return f"mark of case {self.case_id}"


class SharedPatient(models.Model):
    """One patient whom two centres of a service report, as the pseudonyms say, and what the two agree that it is.

    ``first`` was accepted before ``second``. Until they agree, the first counts for the network; both keep their case.
    """

    first = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shared_first")
    second = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shared_second")
    sure = models.BooleanField()
    """Whether the NHS number is one, and not only birth date, sex and area."""
    found_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=_choices(SharedState), default=SharedState.OPEN)
    answer = models.CharField(max_length=20, choices=_choices(SharedAnswer), blank=True, default="")
    counts_at = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moved_from = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    moved_on = models.DateField(null=True, blank=True)
    proposed_by = models.ForeignKey(Centre, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-found_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="shared_patient_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="shared_patient_of_two_cases"),
            models.CheckConstraint(condition=Q(state="open") | ~Q(answer=""), name="shared_patient_answered_with_something"),
            models.CheckConstraint(
                condition=~Q(answer="transfer") | Q(moved_on__isnull=False, moved_from__isnull=False, counts_at__isnull=False),
                name="shared_patient_transfer_is_dated",
            ),
            models.CheckConstraint(
                condition=~Q(answer="duplicate") | Q(counts_at__isnull=False), name="shared_patient_duplicate_counts_somewhere"
            ),
        ]

    class Privacy:
        safe = {"id", "sure", "found_at", "state", "answer", "counts_at", "moved_from", "proposed_by", "answered_at"}
        scrub = {"first", "second", "moved_on"}

    def __str__(self) -> str:
        return f"shared patient {self.pk}"


class Confirmation(models.Model):
    """A centre looked at a warning and says why the value stands. It holds for the value, in whatever file it comes again."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="confirmations")
    period_start = models.DateField()
    period_end = models.DateField()
    key = models.CharField(max_length=32)
    case_id = models.CharField(max_length=200, blank=True, default="")
    field = models.CharField(max_length=200, blank=True, default="")
    rule = models.CharField(max_length=60)
    message = models.TextField()
    reason = models.TextField()
    confirmed_at = models.DateTimeField()
    confirmed_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["centre", "period_start", "rule", "field", "id"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "period_start", "period_end", "key"], name="confirmation_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="confirmation_has_a_reason"),
        ]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "field", "rule", "confirmed_at"}
        scrub = {"key", "case_id", "message", "reason", "confirmed_by"}

    def __str__(self) -> str:
        return f"{self.centre.key} {self.rule} {self.field}"


class DataQuery(models.Model):
    """A question of the network or the commissioner to a centre about its cases of a period, with a date to answer by."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="data_queries")
    period_start = models.DateField()
    period_end = models.DateField()
    case_id = models.CharField(max_length=200, blank=True, default="")
    field = models.CharField(max_length=100, blank=True, default="")
    due_on = models.DateField()
    state = models.CharField(max_length=20, choices=_choices(QueryState), default=QueryState.OPEN)
    asked_at = models.DateTimeField()
    asked_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="data_query_period_runs_forward"),
        ]
        indexes = [models.Index(fields=["centre", "state"], name="data_query_by_centre")]

    class Privacy:
        safe = {"id", "centre", "period_start", "period_end", "field", "due_on", "state", "asked_at"}
        scrub = {"case_id", "asked_by"}

    def __str__(self) -> str:
        return f"query {self.pk} to {self.centre.key}"


class QueryMessage(models.Model):
    """What was said in the thread of a query, the question first. ``of_centre``: by the centre that was asked."""

    query = models.ForeignKey(DataQuery, on_delete=models.PROTECT, related_name="messages")
    of_centre = models.BooleanField()
    text = models.TextField()
    said_at = models.DateTimeField()
    said_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["said_at", "id"]

    class Privacy:
        safe = {"id", "query", "of_centre", "said_at"}
        scrub = {"text", "said_by"}

    def __str__(self) -> str:
        return f"message {self.pk} of query {self.query_id}"


class Deadline(models.Model):
    """By when the centres of a service sign a period off, where the network lead set another day than the policy's."""

    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="deadlines")
    period_start = models.DateField()
    period_end = models.DateField()
    due_on = models.DateField()
    set_at = models.DateTimeField()
    set_by = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["service", "period_start"]
        constraints = [
            models.UniqueConstraint(fields=["service", "period_start", "period_end"], name="deadline_once"),
            models.CheckConstraint(condition=Q(period_end__gt=F("period_start")), name="deadline_period_runs_forward"),
        ]

    class Privacy:
        safe = {"id", "service", "period_start", "period_end", "due_on", "set_at", "set_by"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.service.slug} {self.period_start} by {self.due_on}"


class ReminderSent(models.Model):
    """A reminder that went out: to whom, about which centre and period, at which stage. The text holds no case."""

    person = models.BigIntegerField()
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="reminders")
    period_start = models.DateField()
    period_end = models.DateField()
    due_on = models.DateField()
    stage = models.CharField(max_length=40)
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["-sent_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "centre", "period_start", "period_end", "due_on", "stage"], name="reminder_once"
            ),
        ]

    class Privacy:
        safe = {"id", "person", "centre", "period_start", "period_end", "due_on", "stage", "sent_at"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"{self.stage} to {self.person} of {self.centre.key}"


class NoReminders(models.Model):
    """A person who asked for no early reminders. Those of the last days and after the deadline are sent all the same."""

    person = models.BigIntegerField(unique=True)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "no reminders"

    class Privacy:
        safe = {"id", "person", "since"}
        scrub: set[str] = set()

    def __str__(self) -> str:
        return f"no early reminders to {self.person}"


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
