import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from html.parser import HTMLParser
from itertools import product

import pytest
from markdown_it.common.normalize_url import normalizeLink

from comments import markup, plain
from tests import corpora, live

INLINE = {"a", "b", "code", "del", "em", "i", "q", "s", "strong", "sub", "sup"}
ELEMENTS = INLINE | {"blockquote", "br", "li", "ol", "p", "pre", "ul"}
DRAWN = ("ARABIC", "SYRIAC", "KAITHI")
SCHEMES = {"http", "https", "mailto"}
RENDERS = (markup.render, markup.render_html)
# bleach takes digits after a colon for a port. nh3 knows better.
LEFT_BY_BLEACH = {"javascript:123"}
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def link(address, name=None):
    return f'<a href="{address}" rel="nofollow ugc noopener noreferrer">{name or address}</a>'


class Anatomy(HTMLParser):
    """What HTML is made of."""

    def __init__(self, html):
        super().__init__()
        self.elements = set()
        self.attributes = set()
        self.addresses = []
        self.depth = 0
        self._open = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {f"{tag} {name}" for name, _ in attrs}
        self.addresses += [value for name, value in attrs if name in {"href", "src"}]
        self._open += tag != "br"
        self.depth = max(self.depth, self._open)

    def handle_endtag(self, tag):
        self._open -= 1


def assert_harmless(html):
    anatomy = Anatomy(html)
    assert anatomy.elements <= ELEMENTS
    assert anatomy.attributes <= {"a href", "a rel", "ol start"}
    assert not any(map(is_foreign, anatomy.addresses))
    assert anatomy.depth <= markup.DEEPEST + 1


def is_foreign(address):
    scheme = re.match(r"[\0-\x20]*([a-z][a-z0-9+.\-\s]*):", address, re.IGNORECASE)
    return bool(scheme) and scheme[1].lower() not in SCHEMES


def assert_small(html, source):
    assert len(html) <= 16 * len(source)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("one\r\ntwo\rthree\x85four\u2028five", "one\ntwo\nthree\nfour\nfive"),
        ("e\u0301", "\u00e9"),
        ("e\u200b\u0301", "\u00e9"),
        ("a\x07b\x1bc\x7fd\u009fe", "abcde"),
        ("a\u202eb\u2066c\u200ed\ufeffe\u00adf", "abcdef"),
        ("a \n\n \t", "a"),
        ("  a\tb", "  a\tb"),
        ("x" + "\u0302\u0303\u0304" * 3334, "x\u0302\u0303\u0304"),
        (FAMILY, FAMILY),
        ("\u2764\ufe0f 1\ufe0f\u20e3", "\u2764\ufe0f 1\ufe0f\u20e3"),
        (SCOTLAND, SCOTLAND),
        ("a\U000e0067\U000e0062\U000e007f", "a"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("လျှို့ဝှက်", "လျှို့ဝှက်"),
        ("שָּׁ֑", unicodedata.normalize("NFC", "שָּׁ֑")),
        ("葛\U000e0100", "葛\U000e0100"),
        ("\U0001fae0 \ue000 \u0378", "\U0001fae0 \ue000 \u0378"),
    ],
)
def test_text_is_normalised(typed, kept):
    assert markup.normalise(typed) == kept
    assert markup.normalise(kept) == kept


@pytest.mark.parametrize(("text", "code"), [("a\0", "nul"), ("\ud83d", "surrogate")])
@pytest.mark.parametrize("take", [markup.normalise, markup.render, markup.render_html])
def test_what_no_database_takes_is_refused(take, text, code):
    with pytest.raises(markup.Unusable) as refusal:
        take(text)
    assert refusal.value.code == code


def test_every_control_and_format_character_is_removed_or_known_to_be_needed():
    every = map(chr, range(1, 0x110000))
    controls = [char for char in every if unicodedata.category(char) in {"Cc", "Cf"}]
    kept = {char for char in controls if markup.normalise(f"a{char}b") == f"a{char}b"}
    drawn = {char for char in kept if unicodedata.name(char, "").startswith(DRAWN)}
    assert kept - drawn == set("\t\n\u200c\u200d")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t\u3000",
        "\u200b\u200d\ufeff",
        "\u3164",
        "\u115f",
        "\u2800",
        "\u0301",
        "\ufe0f",
        "\u00ad",
    ],
)
def test_nothing_to_see_is_blank(text):
    assert markup.is_blank(text)


@pytest.mark.parametrize("text", ["a", ".", "\u3164a", "a\u0301", "\U0001f600", "\u0378"])
def test_something_to_see_is_not_blank(text):
    assert not markup.is_blank(text)


@pytest.mark.parametrize("source", ["&nbsp;", "&#8203;", "> \n> ", "- ", "&#x2800;", "```\n```"])
def test_markdown_that_shows_nothing_is_blank(source):
    assert markup.is_blank(markup.render(source).text)


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("a *b* **c** ~~d~~ `e`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e</code></p>"),
        ("a\nb", "<p>a<br>\nb</p>"),
        ("# a", "<p># a</p>"),
        ("a\n===", "<p>a<br>\n===</p>"),
        ("a\n\n---\n\nb", "<p>a</p>\n<p>---</p>\n<p>b</p>"),
        ("- - - -", "<p>---</p>"),
        ("|a|\n|-|\n|b|", "<p>|a|<br>\n|-|<br>\n|b|</p>"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
        ("2. a", '<ol start="2">\n<li>a</li>\n</ol>'),
        ("20261. a", "<ol>\n<li>a</li>\n</ol>"),
        ("```js\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("<b>a</b> &lt; &amp;lt;", "<p>&lt;b&gt;a&lt;/b&gt; &lt; &amp;lt;</p>"),
        ("a&#8238;b&#x200b;c", "<p>abc</p>"),
        ("e" + "&#x302;" * 9, "<p>e\u0302\u0302\u0302</p>"),
        ("[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"),
        ("[a](javascript:1) [b](/c)", "<p>[a](javascript:1) [b](/c)</p>"),
        ("[a](http://x@y.example)", "<p>[a](http://x@y.example)</p>"),
        ("[a]: /b\n\n[a]", "<p>[a]: /b</p>\n<p>[a]</p>"),
    ],
)
def test_markdown_is_rendered(source, html):
    assert markup.render(source).html == html


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("[a](https://b.example/)", link("https://b.example/", "a")),
        ("<https://b.example>", link("https://b.example")),
        ("<rae@b.example>", link("mailto:rae@b.example", "rae@b.example")),
        ("https://b.example/c_d?e=1&f=2", link("https://b.example/c_d?e=1&amp;f=2")),
        ("(see https://b.example/c).", f"(see {link('https://b.example/c')})."),
        ("https://b.example/c_(d)!", f"{link('https://b.example/c_(d)')}!"),
        ("**HTTP://b.example**", f"<strong>{link('HTTP://b.example')}</strong>"),
        (
            "\u89c1https://b.example/c\u3002\u8c22",
            f"\u89c1{link('https://b.example/c')}\u3002\u8c22",
        ),
        ("https://\u4f8b\u3048.example/", link("https://\u4f8b\u3048.example/")),
        ("b.example www.b.example foo.py", "b.example www.b.example foo.py"),
        ("https:// http://. xhttp://b.example", "https:// http://. xhttp://b.example"),
        ("ftp://b.example javascript://b.example", "ftp://b.example javascript://b.example"),
        ("`https://b.example`", "<code>https://b.example</code>"),
        ("![a *b*](https://c.example/d.png)", link("https://c.example/d.png", "a b")),
        ("![](https://c.example/d.png)", link("https://c.example/d.png")),
        (
            "[![a](https://c.example/d.png)](https://e.example)",
            link("https://e.example", "a"),
        ),
        ("[](https://b.example)", link("https://b.example")),
        ("[&#x2800;](https://b.example)", link("https://b.example", "\u2800https://b.example")),
        ("![a](data:image/png;base64,AA==)", "![a](data:image/png;base64,AA==)"),
    ],
)
def test_links_lead_to_the_web_or_a_mailbox_and_vouch_for_nothing(source, html):
    assert markup.render(source).html == f"<p>{html}</p>"


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("<p>a <b>b</b></p>", "<p>a <b>b</b></p>"),
        ("<p class=x id=y style=color:red onclick=z()>a</p>", "<p>a</p>"),
        ("<script>a()</script><style>b{}</style>c", "c"),
        ("<div>a</div>", "a"),
        ("<a href='javascript:a()'>b</a> <a href=/c>d</a> <a name=e>f</a>", "b d f"),
        ("<a href=https://b.example target=_blank>a</a>", link("https://b.example", "a")),
        (
            "<img src=https://b.example/c.png alt=d onerror=e()>",
            link("https://b.example/c.png", "d"),
        ),
        ("<img src=x alt=smile>", "smile"),
        (
            "<a href=https://b.example><img src=https://c.example/d.png></a>",
            link("https://b.example"),
        ),
        ("<strike>a</strike>", "<s>a</s>"),
        ("<pre class=x>a\n b</pre>", "<pre>a\n b</pre>"),
        ("a &lt;b&gt; &amp;lt; &#8238;c", "a &lt;b&gt; &amp;lt; c"),
        ("<p>\u0338a</p>", "<p>\u0338a</p>"),
        ("<q><p>a", "<q><p>a</p></q>"),
        ("see https://b.example.", f"see {link('https://b.example')}."),
    ],
)
def test_html_from_elsewhere_is_rendered(source, html):
    rendered = markup.render_html(source)
    assert rendered.html == html
    assert markup.render_html(html) == rendered


def test_plain_addresses_are_written_as_the_parser_writes_them():
    schemes = ["http://", "https://", "HTTP://", "http:", "//", "mailto:", "ftp://", " http://"]
    long = "a" * 63
    hosts = ["a.example", "1.2.3.4", "xn--bcher-kva.example", "-a-.b-c", f"{long}.example"]
    hosts += [".".join([long] * 4), f"a{long}.example", ".".join([long] * 5), "a..b", "a.example."]
    hosts += ["localhost", "A.example", "a_b.example", "b\xfccher.example", "a.example:80", "a@b.c"]
    paths = ["", "/", "/a/./..//B~_-.html", "/%41", "/a?b=c", "/\xe4", "/#f", "/a b", "\\a", "/a\n"]
    addresses = ["".join(parts) for parts in product(schemes, hosts, paths)]
    for address in addresses:
        assert markup._MARKDOWN.normalizeLink(address) == normalizeLink(address)
    plain = [address for address in addresses if markup._PLAIN_ADDRESS.fullmatch(address)]
    assert len(plain) == 2 * 6 * 3


def test_a_rendering_knows_its_text_its_links_and_its_renderer():
    rendered = markup.render(
        "**a** [b](https://c.example/?d&e)\n\n- f\n- g &lt;\n\nhttp://h.example"
    )
    assert rendered.text == "a b\nf\ng <\nhttp://h.example"
    assert rendered.links == ("https://c.example/?d&e", "http://h.example")
    assert rendered.renderer == markup.RENDERER


@pytest.mark.parametrize(
    ("render", "most"),
    [(markup.render, markup.MAX_SOURCE), (markup.render_html, markup.MAX_HTML)],
)
def test_what_is_too_long_is_refused_before_it_is_read(render, most):
    assert render("\U0001f600" * most).text == "\U0001f600" * most
    with pytest.raises(markup.Unusable) as refusal:
        render("a" * (most + 1))
    assert refusal.value.code == "too_long"


@pytest.mark.parametrize(
    "source",
    [
        "> " * 40 + "end",
        ">" * 7_000 + "end",
        "- " * 14 + "end",
        "*a **a " * 1_100 + "end",
        "[a](http://b.example)" * 380,
        "[](http://a)" * 600 + "end",
        "<a@b.c>" * 1_100 + "end",
        "a" * 5_000 + " end",
        "a" + "\u0301\u0302" * 3_000 + "end",
        "[a]: http://" + "b" * 2_000 + "\n\n" + "[a]" * 1_900 + "end",
    ],
)
def test_hostile_markdown_stays_shallow_and_small(source):
    rendered = markup.render(source)
    assert_harmless(rendered.html)
    assert_small(rendered.html, source)
    assert "end" in rendered.text or "end" not in source


@pytest.mark.parametrize("tag", ["<em>", "<p><ul>", "<blockquote>", "<a><em><strong>", "<sub><p>"])
def test_hostile_html_stays_shallow(tag):
    assert_harmless(markup.render_html(tag * 800 + "end").html)


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ("<a href=javascript:alert(1)>a</a>", "<a>a</a>"),
        ("<p onclick=a() style=b id=c class=d>e</p>", "<p>e</p>"),
        ("<svg><a xlink:href=javascript:a()>b</a></svg>", "<a>b</a>"),
    ],
)
def test_bleach_does_its_work_alone(html, left):
    assert markup.bleached(html) == left


# Of each, whether it is plain.
READINGS = {
    "": True,
    'words &amp; "signs" &lt; \N{EN DASH} &notit; &#x41; & more': True,
    "<p>a <em>b</em><br>c</p>\n<p> d </p>": True,
    '<p><a href="https://a.example/?b=1&amp;copy=2&lang=3">d</a></p>': True,
    "<p><a href=\"javascript:alert(1)\">a</a> <a href='#'>b</a></p>": False,
    '<p><a href="javascript:alert(1)">a</a><a href="JAVA&Tab;SCRIPT:a()">b</a></p>': True,
    '<p href="a">c</p><ol start="3"><li start="e">f</li></ol>': True,
    "<ul>\n<li>a<ul><li><p>b</p></li></ul></li>\n</ul>": True,
    "<blockquote><p>a</p><pre><code>b\n\nc</code></pre></blockquote>": True,
    "<b><b><b><b><b>a</b></b></b></b></b><i>c</i>": True,
    "<p>a<p>b</p></p>": False,
    "<p>a<ul><li>b</li></ul></p>": False,
    "<em><p>a</p></em>": False,
    "<b><i>a</b></i>": False,
    "<a><b><a>a</a></b></a>": False,
    "<p>a": False,
    "a</p>": False,
    "<li>a</li>": False,
    "<li><li>a</li></li>": False,
    "</br>a</br>": False,
    "<br></br>": False,
    '<p>a</p href="b">': False,
    '<a href="a>b">c</a>': False,
    '<a href="a" start="b">c</a>': False,
    "<pre>\na</pre>": False,
    "a\rb": False,
    "\f": False,
    "<P>a</P>": False,
    "<p/>a": False,
    "<script>a</script>": False,
    "<!-- a -->b": False,
    "a < b > c": False,
}


@pytest.mark.parametrize(("html", "is_plain"), READINGS.items())
def test_what_is_plain_is_read_as_bleach_reads_it(html, is_plain):
    assert (plain.tokens(html) is not None) == is_plain
    assert markup.bleached(html) == markup._BLEACH.cleaner.clean(html)


@pytest.mark.shared
def test_whatever_is_sent_is_read_as_bleach_reads_it():
    payloads = corpora.xss_payloads() + corpora.markdown_payloads() + corpora.html5lib_payloads()
    written = list(map(markup.shaped, map(markup.markdown, payloads)))
    for html in [*payloads, *written, *map(markup.shaped, map(markup.foreign, payloads))]:
        assert markup.bleached(html) == markup._BLEACH.cleaner.clean(html)
    assert sum(plain.tokens(html) is not None for html in written) > len(written) * 0.9


@pytest.mark.parametrize("stages", [markup.FROM_MARKDOWN, markup.FROM_HTML])
def test_nh3_has_the_last_word(stages):
    assert stages[-2:] == (markup.bleached, markup.scrubbed)


@pytest.mark.shared
def test_what_bleach_alone_lets_through_is_known():
    payloads = corpora.xss_payloads() + corpora.markdown_payloads()
    left = set()
    for html in map(markup.bleached, [*payloads, *map(markup.markdown, payloads)]):
        anatomy = Anatomy(html)
        assert anatomy.elements <= ELEMENTS
        assert anatomy.attributes <= {"a href", "ol start"}
        left |= {address for address in anatomy.addresses if is_foreign(address)}
    assert left == LEFT_BY_BLEACH


@pytest.mark.shared
def test_pathological_markdown_stays_shallow_and_small():
    for text in corpora.pathological().values():
        source = text.replace("\0", "")[: markup.MAX_SOURCE]
        rendered = markup.render(source)
        assert_harmless(rendered.html)
        assert_small(rendered.html, source)


@pytest.mark.shared
def test_naughty_strings_are_kept_or_refused():
    for text in corpora.naughty_strings():
        try:
            kept = markup.normalise(text)
        except markup.Unusable:
            continue
        assert markup.normalise(kept) == kept
        assert_harmless(markup.render(kept).html)


@pytest.mark.shared
def test_invisible_characters_are_blank():
    assert [char for char in corpora.invisible_characters() if not markup.is_blank(char)] == []


@pytest.mark.shared
def test_hard_html_is_harmless_and_rendered_once_and_for_all():
    for payload in corpora.html5lib_payloads():
        rendered = markup.render_html(payload.replace("\0", ""))
        assert_harmless(rendered.html)
        assert markup.render_html(rendered.html) == rendered


@pytest.mark.shared
@pytest.mark.browser
def test_nothing_runs_in_a_browser():
    payloads = corpora.xss_payloads() + corpora.markdown_payloads()
    storable = [payload.replace("\0", "") for payload in payloads]
    rendered = [render(payload).html for payload in storable for render in RENDERS]
    assert [html for html in rendered if markup.render_html(html).html != html] == []
    # In a thread of its own: it runs an event loop, and other tests' browsers leave one running.
    with ThreadPoolExecutor(1) as apart:
        check = partial(corpora.xss_check().check, rendered, str, chromium=live.executable())
        report = apart.submit(check).result()
    assert not report.flagged, report.summary()
    assert report.empty < len(rendered) / 2
