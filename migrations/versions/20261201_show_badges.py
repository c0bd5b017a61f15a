"""show badges of publishers"""

import sqlalchemy as sa
from alembic import op

revision = "20261201_show_badges"
down_revision = "20261201_sweep_sessions_that_end"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("badges", sa.JSON(), nullable=True))
    op.add_column("sso", sa.Column("badges", sa.JSON(), server_default="{}", nullable=False))


def downgrade() -> None:
    op.drop_column("sso", "badges")
    op.drop_column("users", "badges")
