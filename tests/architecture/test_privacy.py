"""Every column of every table says whether it may leave in a scrubbed copy."""

import pytest
from django.apps import apps
from django.db import models

TABLES = [model for model in apps.get_models() if model.__module__.startswith("plenary.")]


def unclassed(model):
    """Return what is wrong with a table's classing, as sentences; nothing when every field is classed once."""
    fields = {field.name for field in model._meta.local_fields + model._meta.local_many_to_many}
    privacy = model.__dict__.get("Privacy")
    if privacy is None:
        return [f"{model.__name__} has no Privacy"]
    return [
        f"{model.__name__}.{name} is {problem}"
        for problem, names in [
            ("classed neither safe nor scrub", fields - privacy.safe - privacy.scrub),
            ("classed both safe and scrub", privacy.safe & privacy.scrub),
            ("classed but no field", (privacy.safe | privacy.scrub) - fields),
        ]
        for name in sorted(names)
    ]


@pytest.mark.parametrize("model", TABLES, ids=lambda model: model._meta.label)
def test_every_field_is_classed_safe_or_scrub(model):
    assert unclassed(model) == []


def test_a_field_that_is_forgotten_is_found():
    class Forgetful(models.Model):
        kept = models.TextField()
        forgotten = models.TextField()

        class Meta:
            app_label = "forgetful"
            managed = False

        class Privacy:
            safe = {"id", "kept", "gone"}
            scrub = {"kept"}

    assert unclassed(Forgetful) == [
        "Forgetful.forgotten is classed neither safe nor scrub",
        "Forgetful.kept is classed both safe and scrub",
        "Forgetful.gone is classed but no field",
    ]
    del apps.all_models["forgetful"]


def test_free_text_about_people_is_scrubbed():
    core = {model.__name__: model.Privacy.scrub for model in TABLES if model._meta.app_label == "core"}
    assert {"email", "name", "password"} <= core["Person"]
    assert {"subject", "detail", "who_name"} <= core["AuditEvent"]
