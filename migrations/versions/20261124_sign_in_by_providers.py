"""sign in by providers"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_sign_in_by_providers"
down_revision = "20261124_keep_who_hears_of_what"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "identities",
        sa.Column(
            "issuer",
            sa.String(length=300).with_variant(sa.String(length=300, collation="C"), "postgresql"),
            nullable=True,
        ),
    )
    op.create_index(
        "uq_identities_issuer_subject",
        "identities",
        ["issuer", "subject"],
        unique=True,
        sqlite_where=sa.text("issuer IS NOT NULL"),
        postgresql_where=sa.text("issuer IS NOT NULL"),
    )
    _take_ways("password", "disqus", "wordpress", "sso", "oidc")


def downgrade() -> None:
    op.execute("DELETE FROM identities WHERE way = 'oidc'")
    _take_ways("password", "disqus", "wordpress", "sso")
    op.drop_index("uq_identities_issuer_subject", "identities")
    op.drop_column("identities", "issuer")


def _take_ways(*ways: str) -> None:
    """Nothing refers to an identity, so that SQLite may make the table anew."""
    words = ", ".join(f"'{way}'" for way in ways)
    kept = {"sqlite_autoincrement": True}
    with op.batch_alter_table("identities", table_kwargs=kept) as batch_op:
        batch_op.drop_constraint(op.f("ck_identities_way"), type_="check")
        batch_op.create_check_constraint(op.f("ck_identities_way"), f"way IN ({words})")
