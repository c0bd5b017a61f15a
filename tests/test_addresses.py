import pytest

from comments import addresses

SPELLINGS = [
    ("https://news.example/a", "https://news.example/a"),
    ("HTTPS://News.Example/A", "https://news.example/A"),
    ("  https://news.example/a\n", "https://news.example/a"),
    ("https://news.example", "https://news.example/"),
    ("https://news.example/a/", "https://news.example/a/"),
    ("https://news.example:443/a", "https://news.example/a"),
    ("http://news.example:80/a", "http://news.example/a"),
    ("http://news.example:443/a", "http://news.example:443/a"),
    ("http://localhost:8001/a", "http://localhost:8001/a"),
    ("https://news.example/a#comment-5", "https://news.example/a"),
    ("https://news.example/a?", "https://news.example/a"),
    ("https://news.example/?p=4", "https://news.example/?p=4"),
    ("https://news.example/a?b=2&a=1", "https://news.example/a?b=2&a=1"),
    ("https://news.example/a?utm_source=x&p=4&fbclid=y", "https://news.example/a?p=4"),
    ("https://news.example/a?UTM_Medium=x&%67clid=1", "https://news.example/a"),
    ("https://news.example/a?fbclidx=1", "https://news.example/a?fbclidx=1"),
    ("https://news.example/a?q=x+y%26z", "https://news.example/a?q=x+y%26z"),
    ("https://news.example/%e9%bb%91", "https://news.example/%E9%BB%91"),
    ("https://news.example/黑", "https://news.example/%E9%BB%91"),
    ("https://news.example/%7Eme/a%2Fb", "https://news.example/~me/a%2Fb"),
    ('https://news.example/a b"<c>', "https://news.example/a%20b%22%3Cc%3E"),
    ("https://news.example/100%", "https://news.example/100%"),
    ("https://Straße.example/", "https://xn--strae-oqa.example/"),
    ("https://BÜCHER.example/", "https://xn--bcher-kva.example/"),
    ("https://例え。jp/", "https://xn--r8jz45g.jp/"),
    ("http://[::1]:8000/a", "http://[::1]:8000/a"),
    ("http://127.0.0.1/a", "http://127.0.0.1/a"),
]


@pytest.mark.parametrize(("url", "expected"), SPELLINGS)
def test_an_address_has_one_spelling(url: str, expected: str) -> None:
    assert addresses.canonical(url) == expected


@pytest.mark.parametrize(
    "name",
    ["utm_source", "fbclid", "gclid", "dclid", "msclkid", "mc_cid", "mc_eid", "_ga", "_x_tr_sl"],
)
def test_a_tracking_parameter_is_dropped(name: str) -> None:
    url = f"https://news.example/?p=4&{name}=x"
    assert addresses.canonical(url) == "https://news.example/?p=4"


@pytest.mark.parametrize(("url", "expected"), SPELLINGS)
def test_the_one_spelling_stays_as_it_is(url: str, expected: str) -> None:
    assert addresses.canonical(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/a",
        "//news.example/a",
        "news.example/a",
        "https://",
        "https:///a",
        "https:news.example",
        "https://?a",
        "ftp://news.example/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://rae@news.example/",
        "https://rae:secret@news.example/",
        "https://news.example\\@evil.example/",
        "https://evil.example\\.news.example/",
        "https://news.example:port/",
        "https://news.example:99999/",
        "https://news..example/",
        "https://news example/",
        "https://[::1/",
        "https://[v1.x]/",
        "https://[fe80::1%eth0]/",
        "https://℀.example/",
        "https://" + "a" * 64 + ".example/",
        "https://news.example/a\x00b",
        "https://news.example/a\nb",
        "https://news.example/\x85",
        "https://news.example/\ud800",
        "https://\udfff.example/",
        "https://news.example/" + "a" * 2_000,
        "https://news.example/" + "黑" * 300,
    ],
)
def test_what_is_not_the_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        addresses.canonical(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://News.example/a?b#c", "https://news.example"),
        ("http://localhost:8001/a", "http://localhost:8001"),
        ("https://news.example:443", "https://news.example"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert addresses.origin(url) == expected


def test_an_address_lies_on_its_origin_only() -> None:
    origins = ["https://news.example", "http://localhost:8001"]
    assert addresses.same_origin("https://news.example/a", origins)
    assert addresses.same_origin("http://localhost:8001/", origins)
    assert not addresses.same_origin("http://news.example/a", origins)
    assert not addresses.same_origin("https://news.example:8443/a", origins)
    assert not addresses.same_origin("https://news.example.evil.example/", origins)
    assert not addresses.same_origin("https://news.example@evil.example/", origins)
    assert not addresses.same_origin("javascript:alert(1)", origins)
