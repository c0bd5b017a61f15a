"""find places by path"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_places_by_path"
down_revision = "20261124_votes_and_marks"
branch_labels = None
depends_on = None

ROOTS = {"drawn": ("created_at", "roots"), "ranked": ("rank", "top")}


def upgrade() -> None:
    for name, (first, old) in ROOTS.items():
        _index_roots(name, first, "path")
        op.drop_index(f"ix_comments_{old}", table_name="comments")
    op.create_index(
        "ix_comments_children",
        "comments",
        ["article_id", "parent_id"],
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.drop_index("ix_comments_parent", table_name="comments")


def downgrade() -> None:
    op.create_index("ix_comments_parent", "comments", ["article_id", "parent_id"])
    op.drop_index("ix_comments_children", table_name="comments")
    for name, (first, old) in ROOTS.items():
        _index_roots(old, first, "id")
        op.drop_index(f"ix_comments_{name}", table_name="comments")


def _index_roots(name: str, first: str, last: str) -> None:
    op.create_index(
        f"ix_comments_{name}",
        "comments",
        ["article_id", first, last],
        sqlite_where=sa.text("shown = 1 AND parent_id IS NULL"),
        postgresql_where=sa.text("shown AND parent_id IS NULL"),
    )
