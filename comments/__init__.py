"""Comments and moderation for publishers."""
