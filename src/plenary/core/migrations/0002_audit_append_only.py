"""The database itself refuses to change or remove an audit event."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

SQLITE = {
    "create": [
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON core_auditevent "
        "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON core_auditevent "
        "BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END",
    ],
    "drop": ["DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"],
}
POSTGRESQL = {
    "create": [
        "CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit events are append-only' USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON core_auditevent "
        "FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON core_auditevent "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
    ],
    "drop": [
        "DROP TRIGGER IF EXISTS audit_no_change ON core_auditevent",
        "DROP TRIGGER IF EXISTS audit_no_truncate ON core_auditevent",
    ],
}
GUARDS = {"sqlite": SQLITE, "postgresql": POSTGRESQL}


def _run(schema_editor: BaseDatabaseSchemaEditor, part: str) -> None:
    for statement in GUARDS[schema_editor.connection.vendor][part]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_people_posts_audit")]
    operations = [
        migrations.RunPython(lambda apps, editor: _run(editor, "create"), lambda apps, editor: _run(editor, "drop")),
    ]
