"""keep texts for a while"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_keep_texts_for_a_while"
down_revision = "20261124_invitations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("out_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE comments SET out_since ="
        " (SELECT created_at FROM decisions WHERE decisions.id = comments.decided_id)"
        " WHERE status IN ('rejected', 'withdrawn')"
    )
    with op.batch_alter_table("comments", schema=None) as batch_op:
        batch_op.create_index(
            "ix_comments_out",
            ["status", "out_since", "id"],
            unique=False,
            sqlite_where=sa.text("out_since IS NOT NULL"),
            postgresql_where=sa.text("out_since IS NOT NULL"),
        )

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(
            "ix_users_reserved",
            ["closed_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NOT NULL AND name_key IS NOT NULL"),
            postgresql_where=sa.text("closed_at IS NOT NULL AND name_key IS NOT NULL"),
        )


def downgrade() -> None:
    op.drop_index("ix_users_reserved", "users")
    op.drop_index("ix_comments_out", "comments")
    op.drop_column("comments", "out_since")
