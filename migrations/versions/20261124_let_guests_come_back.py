"""let guests come back"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_let_guests_come_back"
down_revision = "20261124_keep_keys_of_feeds"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "private_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "token_hash",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_private_links_user_id_users")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_private_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_private_links_token_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_private_links_user_id"), "private_links", ["user_id"])

    _take_ways("password", "disqus", "wordpress", "sso", "oidc", "guest")
    op.create_index(
        "ix_identities_guests",
        "identities",
        ["created_at", "user_id"],
        sqlite_where=sa.text("way = 'guest'"),
        postgresql_where=sa.text("way = 'guest'"),
    )


def downgrade() -> None:
    op.drop_index("ix_identities_guests", "identities")
    op.execute("DELETE FROM identities WHERE way = 'guest'")
    _take_ways("password", "disqus", "wordpress", "sso", "oidc")
    op.drop_table("private_links")


def _take_ways(*ways: str) -> None:
    """Nothing refers to an identity, so that SQLite may make the table anew."""
    words = ", ".join(f"'{way}'" for way in ways)
    kept = {"sqlite_autoincrement": True}
    with op.batch_alter_table("identities", table_kwargs=kept) as batch_op:
        batch_op.drop_constraint(op.f("ck_identities_way"), type_="check")
        batch_op.create_check_constraint(op.f("ck_identities_way"), f"way IN ({words})")
