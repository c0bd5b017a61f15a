"""Keep what is to be sent"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_keep_what_is_to_be_sent"
down_revision = "20261124_places_by_path"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receivers",
        sa.Column(
            "name",
            sa.String(length=300).with_variant(sa.String(length=300, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("failures", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rests_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_receivers")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "uid",
            sa.String(length=32).with_variant(sa.String(length=32, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "receiver",
            sa.String(length=300).with_variant(sa.String(length=300, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=True),
        sa.Column("died_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["users.id"], name=op.f("fk_outbox_person_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("uid", name=op.f("uq_outbox_uid")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_dead",
            ["queue", "died_at", "id"],
            unique=False,
            sqlite_where=sa.text("died_at IS NOT NULL"),
            postgresql_where=sa.text("died_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_outbox_due",
            ["queue", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("died_at IS NULL"),
            postgresql_where=sa.text("died_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_outbox_person_id"), ["person_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outbox_person_id"))
        batch_op.drop_index(
            "ix_outbox_due",
            sqlite_where=sa.text("died_at IS NULL"),
            postgresql_where=sa.text("died_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_outbox_dead",
            sqlite_where=sa.text("died_at IS NOT NULL"),
            postgresql_where=sa.text("died_at IS NOT NULL"),
        )

    op.drop_table("outbox")
    op.drop_table("receivers")
