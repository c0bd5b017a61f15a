"""Small exports of our own, in the shapes that the foreign systems write."""

from __future__ import annotations

from pathlib import Path

DISQUS = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals">\n'
    "%s\n</disqus>\n"
)
WXR = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:dsq="http://www.disqus.com/" xmlns:wp="%s">\n<channel>\n%s\n</channel></rss>\n'
)
NAMESPACE = "http://wordpress.org/export/1.2/"


def disqus(folder: Path, *parts: str) -> Path:
    file = folder / "disqus.xml"
    file.write_text(DISQUS % "\n".join(parts), encoding="utf-8")
    return file


def thread(id: str, url: str = "http://news.example/a", inner: str = "<id/>") -> str:
    return f'<thread dsq:id="{id}">{inner}<link>{url}</link><title>A title</title></thread>'


def post(id: str, thread: str = "1", *, parent: str = "", **fields: str) -> str:
    values = {
        "message": "<![CDATA[<p>Said.</p>]]>",
        "createdAt": "2020-01-02T03:04:05Z",
        "isDeleted": "false",
        "isSpam": "false",
        "author": "<name>Robin</name><isAnonymous>false</isAnonymous><username>robin9</username>",
        **fields,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    above = f'<parent dsq:id="{parent}"/>' if parent else ""
    return f'<post dsq:id="{id}"><id/>{inner}<thread dsq:id="{thread}"/>{above}</post>'


def wxr(folder: Path, *items: str, namespace: str = NAMESPACE) -> Path:
    file = folder / "wordpress.xml"
    file.write_text(WXR % (namespace, "\n".join(items)), encoding="utf-8")
    return file


def item(url: str, *comments: str, inner: str = "") -> str:
    return (
        f"<item><title>A title</title><link>{url}</link>{inner}"
        f"<content:encoded>Long.</content:encoded>{''.join(comments)}</item>"
    )


def comment(id: str, *, parent: str = "0", **fields: str) -> str:
    values = {
        "comment_id": id,
        "comment_author": "<![CDATA[Robin]]>",
        "comment_author_email": "robin@mail.example",
        "comment_author_IP": "192.0.2.7",
        "comment_date": "2020-01-02 05:04:05",
        "comment_date_gmt": "2020-01-02 03:04:05",
        "comment_content": "<![CDATA[Said.]]>",
        "comment_approved": "1",
        "comment_type": "",
        "comment_parent": parent,
        "comment_user_id": "0",
        **fields,
    }
    inner = "".join(f"<wp:{name}>{value}</wp:{name}>" for name, value in values.items())
    return f"<wp:comment>{inner}</wp:comment>"
