"""publishers sign in"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_publishers_sign_in"
down_revision = "20261124_keep_what_is_to_be_sent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sso",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("issuer", sa.String(length=300), nullable=False),
        sa.Column("audience", sa.String(length=300), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sso_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", name=op.f("pk_sso")),
    )
    with op.batch_alter_table("sso", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sso_due_at"), ["due_at"], unique=False)

    op.create_table(
        "sso_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kid",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "algorithm",
            sa.Enum(
                "HS256",
                "RS256",
                "ES256",
                "EdDSA",
                name="algorithm",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("material", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sso_keys_site_id_sites")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sso_keys")),
        sa.UniqueConstraint("site_id", "kid", name=op.f("uq_sso_keys_site_id_kid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "sso_uses",
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "digest",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_sso_uses_site_id_sites")),
        sa.PrimaryKeyConstraint("site_id", "digest", name=op.f("pk_sso_uses")),
    )
    with op.batch_alter_table("sso_uses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sso_uses_ends_at"), ["ends_at"], unique=False)

    op.add_column(
        "memberships", sa.Column("by_sso", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("sessions", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "users", sa.Column("is_subscriber", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index("ix_users_site_name", "users", ["site_id", "name_key"])
    op.drop_index("uq_users_email_key", "users")
    _create_email_index("email_confirmed_at IS NOT NULL AND site_id IS NULL")
    _take_ways("password", "disqus", "wordpress", "sso")


def downgrade() -> None:
    op.execute("DELETE FROM identities WHERE way = 'sso'")
    _take_ways("password", "disqus", "wordpress")
    op.drop_index("uq_users_email_key", "users")
    op.execute("UPDATE users SET email_confirmed_at = NULL WHERE site_id IS NOT NULL")
    _create_email_index("email_confirmed_at IS NOT NULL")
    op.drop_index("ix_users_site_name", "users")
    # SQLite drops a column itself; to make the table anew would break what refers to it.
    op.drop_column("users", "is_subscriber")
    op.drop_column("sessions", "ends_at")
    op.drop_column("memberships", "by_sso")
    with op.batch_alter_table("sso_uses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sso_uses_ends_at"))

    op.drop_table("sso_uses")
    op.drop_table("sso_keys")
    with op.batch_alter_table("sso", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sso_due_at"))

    op.drop_table("sso")


def _create_email_index(where: str) -> None:
    op.create_index(
        "uq_users_email_key",
        "users",
        ["email_key"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _take_ways(*ways: str) -> None:
    """Nothing refers to an identity, so that SQLite may make the table anew."""
    words = ", ".join(f"'{way}'" for way in ways)
    kept = {"sqlite_autoincrement": True}
    with op.batch_alter_table("identities", table_kwargs=kept) as batch_op:
        batch_op.drop_constraint(op.f("ck_identities_way"), type_="check")
        batch_op.create_check_constraint(op.f("ck_identities_way"), f"way IN ({words})")
