"""keep fewer indexes

Each of them is a page more to write for every comment.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261202_keep_fewer_indexes"
down_revision = "20261201_show_badges"
branch_labels = None
depends_on = None

# Nothing refers to these, so that SQLite may make them anew.
WITHOUT_ROWID = {"sqlite_with_rowid": False}
NUMBERED = {"sqlite_autoincrement": True}
SOMEBODY = {"decisions": "by_id", "outbox": "person_id"}


def upgrade() -> None:
    with op.batch_alter_table(
        "answers", recreate=_on_sqlite(), table_kwargs=WITHOUT_ROWID
    ) as batch_op:
        batch_op.drop_index(op.f("ix_answers_comment_id"))
    with op.batch_alter_table("participants", recreate=_on_sqlite(), table_kwargs=WITHOUT_ROWID):
        pass
    with op.batch_alter_table("outbox", table_kwargs=NUMBERED) as batch_op:
        batch_op.drop_constraint(op.f("uq_outbox_uid"), type_="unique")
    for table, column in SOMEBODY.items():
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
        is_somebody = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            f"ix_{table}_{column}",
            table,
            [column],
            sqlite_where=is_somebody,
            postgresql_where=is_somebody,
        )


def downgrade() -> None:
    for table, column in SOMEBODY.items():
        op.drop_index(f"ix_{table}_{column}", table)
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    with op.batch_alter_table("outbox", table_kwargs=NUMBERED) as batch_op:
        batch_op.create_unique_constraint(op.f("uq_outbox_uid"), ["uid"])
    with op.batch_alter_table("participants", recreate=_on_sqlite()):
        pass
    with op.batch_alter_table("answers", recreate=_on_sqlite()) as batch_op:
        batch_op.create_index(op.f("ix_answers_comment_id"), ["comment_id"])


def _on_sqlite() -> str:
    return "always" if op.get_bind().dialect.name == "sqlite" else "never"
