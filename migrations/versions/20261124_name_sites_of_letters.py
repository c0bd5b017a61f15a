"""name sites of letters"""

import sqlalchemy as sa
from alembic import op

revision = "20261124_name_sites_of_letters"
down_revision = "20261124_tell_browsers"
branch_labels = None
depends_on = None

DEAD = sa.text("died_at IS NOT NULL")


def upgrade() -> None:
    """In plain SQL, since only so SQLite adds the foreign key with its name, and without making
    the table anew, which would let it use the ids of sent letters again."""
    integer = "INTEGER" if op.get_context().dialect.name == "sqlite" else "BIGINT"
    key = "CONSTRAINT fk_outbox_site_id_sites REFERENCES sites (id)"
    op.execute(f"ALTER TABLE outbox ADD COLUMN site_id {integer} {key}")
    op.create_index(
        "ix_outbox_site",
        "outbox",
        ["site_id", "queue", "died_at", "id"],
        sqlite_where=DEAD,
        postgresql_where=DEAD,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_site", "outbox")
    op.drop_column("outbox", "site_id")
