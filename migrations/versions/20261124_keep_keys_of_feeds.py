"""Keep keys of feeds"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_keep_keys_of_feeds"
down_revision = "20261124_sign_in_by_passkeys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "feed_keys",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "token_hash",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_feed_keys_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_feed_keys")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_feed_keys_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("feed_keys")
