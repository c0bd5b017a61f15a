"""What a publisher pastes into a page."""

from __future__ import annotations

from urllib.parse import quote

ARTICLE = "ARTICLE-ID"


def code(key: str, url: str) -> str:
    """The slot, the way without JavaScript, and the script, of the service at `url`."""
    thread = f"{url}/thread?site={quote(key)}&amp;article={ARTICLE}"
    return (
        f'<section data-comments data-site="{key}" data-article="{ARTICLE}">\n'
        f"  No comments yet...\n"
        f'  <noscript><a href="{thread}">Read the comments</a></noscript>\n'
        f"</section>\n"
        f'<script async src="{url}/embed.js"></script>\n'
    )
