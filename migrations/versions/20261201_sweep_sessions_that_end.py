"""sweep sessions that end"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_sweep_sessions_that_end"
down_revision = "20261124_name_sites_of_letters"
branch_labels = None
depends_on = None

ENDING = sa.text("ends_at IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sessions_ends_at",
            ["ends_at"],
            unique=False,
            sqlite_where=ENDING,
            postgresql_where=ENDING,
        )


def downgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_sessions_ends_at")
