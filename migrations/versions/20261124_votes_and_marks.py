"""votes and marks"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_votes_and_marks"
down_revision = "20261124_sweep_sessions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "marks",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "decision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id", "article_id"],
            ["articles.site_id", "articles.id"],
            name=op.f("fk_marks_site_id_article_id_articles"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_marks_site_id_sites")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_marks_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "article_id", name=op.f("pk_marks")),
    )
    op.create_table(
        "votes",
        sa.Column(
            "comment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("value", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value IN (1, -1)", name=op.f("ck_votes_value")),
        sa.ForeignKeyConstraint(
            ["article_id", "comment_id"],
            ["comments.article_id", "comments.id"],
            name=op.f("fk_votes_article_id_comment_id_comments"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_votes_site_id_sites")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_votes_user_id_users")),
        sa.PrimaryKeyConstraint("comment_id", "user_id", name=op.f("pk_votes")),
    )
    op.create_index("ix_votes_person", "votes", ["user_id", "article_id"])
    op.add_column("articles", sa.Column("recount_at", sa.DateTime(timezone=True), nullable=True))
    for name in ("ups", "downs", "rank"):
        kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        op.add_column("comments", sa.Column(name, kind, server_default="0", nullable=False))
    op.create_index(
        "ix_comments_fresh",
        "comments",
        ["article_id", "decided_id"],
        sqlite_where=sa.text("status = 'published'"),
        postgresql_where=sa.text("status = 'published'"),
    )
    op.create_index(
        "ix_comments_top",
        "comments",
        ["article_id", "rank", "id"],
        sqlite_where=sa.text("shown = 1 AND parent_id IS NULL"),
        postgresql_where=sa.text("shown AND parent_id IS NULL"),
    )


def downgrade() -> None:
    # SQLite drops a column itself; to make the table anew would break what refers to it.
    op.drop_index("ix_comments_top", "comments")
    op.drop_index("ix_comments_fresh", "comments")
    for name in ("rank", "downs", "ups"):
        op.drop_column("comments", name)
    op.drop_column("articles", "recount_at")
    op.drop_table("votes")
    op.drop_table("marks")
