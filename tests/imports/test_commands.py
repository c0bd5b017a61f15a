"""`comments import`, as an operator types it."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from comments import create_app
from comments.audit import Entry
from comments.cli import main
from comments.db import db
from comments.threads.models import Article, Comment
from tests import factories
from tests.corpora import shared
from tests.imports import exports
from tests.imports.exports import post, thread

Command = Callable[..., Result]


@pytest.fixture
def bring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`comments import ARGS --site gazette` in an instance folder of its own."""
    monkeypatch.setenv("COMMENTS_INSTANCE", str(tmp_path / "instance"))
    CliRunner().invoke(main, ["migrate"])
    with create_app().app_context():
        factories.site("gazette", origins=("https://news.example",))
        db.engine.dispose()

    def run(source: str, file: Path, *args: str) -> Result:
        command = ["import", source, str(file), "--site", "gazette", *args]
        return CliRunner().invoke(main, command)

    return run


def kept(model: type) -> int:
    with create_app().app_context():
        count = db.session.scalar(sa.select(sa.func.count()).select_from(model))
        db.session.remove()
        db.engine.dispose()
        return int(count or 0)


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 2, result.output
    (sentence,) = result.stderr.splitlines()
    return str(sentence)


def test_an_import_says_what_it_did(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(
        tmp_path,
        thread("1", "https://news.example/a"),
        post("7"),
        post("8", parent="9", isDeleted="true"),
        post("10", parent="8"),
        post("11", isSpam="true"),
        post("12", isSpam="true"),
        post("13", "99"),
    )
    assert lines(bring("disqus", file)) == [
        "disqus.xml is a Disqus export.",
        "Read 6 comments in 1 thread.",
        "Imported 3: 2 published, 0 waiting, 1 empty (deleted, but with replies).",
        "Skipped 3.",
        "  2 spam in the old system",
        "    11, 12",
        "  1 of a thread that is not in the file",
        "    13",
        "Put at the top, since the comment above is not to be found:",
        "    8",
    ]
    assert kept(Comment) == 3
    assert kept(Entry) == 1
    assert lines(bring("disqus", file))[2:5] == [
        "Imported 0: 0 published, 0 waiting, 0 empty (deleted, but with replies).",
        "Skipped 6.",
        "  2 spam in the old system",
    ]
    assert (kept(Comment), kept(Entry)) == (3, 1)


def test_a_dry_run_shows_which_addresses_become_one_article(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(
        tmp_path,
        thread("1", "http://news.example/a"),
        thread("2", "https://news.example/a/"),
        thread("3", "http://localhost:4000/b"),
        post("7", "1"),
        post("8", "2"),
        post("9", "2"),
        post("10", "3"),
    )
    assert lines(bring("disqus", file, "--dry-run")) == [
        "disqus.xml is a Disqus export.",
        "Each block becomes one article:",
        "",
        "  https://news.example/a/ (3 comments)",
        "         2  https://news.example/a/",
        "         1  http://news.example/a",
        "",
        "  http://localhost:4000/b (1 comment)",
        "         1  http://localhost:4000/b",
        "",
        "localhost:4000 (1 article) is no address of this site. If it has moved, say where to: "
        "--host-map localhost:4000=NEW",
        "Read 4 comments in 3 threads.",
        "Would import 4: 4 published, 0 waiting, 0 empty (deleted, but with replies).",
        "Skipped 0.",
    ]
    assert kept(Comment) == kept(Article) == kept(Entry) == 0


def test_hosts_queries_and_a_table_say_what_is_one_article(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(
        tmp_path,
        thread("1", "http://localhost:4000/a?lang=en"),
        thread("2", "https://news.example/a"),
        thread("3", "https://news.example/b"),
        post("7", "1"),
        post("8", "2"),
        post("9", "3"),
    )
    table = tmp_path / "map.csv"
    table.write_text("https://news.example/a,story-1\n")
    options = ("--host-map", "localhost:4000=news.example", "--drop-query", "--key", str(table))
    told = lines(bring("disqus", file, *options))
    assert not any("no address of this site" in line for line in told)
    with create_app().app_context():
        articles = dict(db.session.execute(sa.select(Article.key, Article.published)).all())
        db.session.remove()
        db.engine.dispose()
    assert articles == {"story-1": 2, "https://news.example/b": 1}


def test_packed_files_are_read(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(tmp_path, thread("1", "https://news.example/a"), post("7"))
    packed = tmp_path / "export.xml.gz"
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert "Imported 1:" in bring("disqus", packed).stdout
    zipped = tmp_path / "export.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.write(file, "export.xml")
    assert "1 here already" in bring("disqus", zipped).stdout


def test_a_file_of_the_other_kind_is_named(tmp_path: Path, bring: Command) -> None:
    blog = exports.wxr(tmp_path, exports.item("https://news.example/a", exports.comment("7")))
    plain = tmp_path / "plain.xml"
    plain.write_text(blog.read_text().replace(' xmlns:dsq="http://www.disqus.com/"', ""))
    assert "Use: comments import wordpress" in refused(bring("disqus", plain))
    disqus = exports.disqus(tmp_path, thread("1"))
    assert "Use: comments import disqus" in refused(bring("wordpress", disqus))
    plain.write_text("<html><body/></html>")
    assert "begins with <html>" in refused(bring("disqus", plain))
    for source in ("disqus", "wordpress"):
        assert "a dialect of WordPress' WXR" in lines(bring(source, blog))[0]
    assert kept(Comment) == 1


def test_what_is_wrong_is_said_in_one_sentence(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(tmp_path, thread("1"), post("7"))
    assert "does not exist" in bring("disqus", tmp_path / "none.xml").stderr
    assert "no site with this key" in refused(bring("disqus", file, "--site", "other"))
    assert "not a pair of hosts" in refused(bring("disqus", file, "--host-map", "x"))
    assert "none.csv" in refused(bring("disqus", file, "--key", str(tmp_path / "none.csv")))
    file.write_text(file.read_text()[:-20])
    assert "Stopped at line" in refused(bring("disqus", file))
    assert kept(Comment) == kept(Article) == 0


def test_no_sign_that_a_terminal_obeys_is_printed(tmp_path: Path, bring: Command) -> None:
    file = exports.disqus(tmp_path, thread("1"), post("7\x9b2J\u202e", isSpam="true"))
    assert "    7�2J�" in lines(bring("disqus", file))


HOSTILE = {
    "billion-laughs": "DOCTYPE",
    "quadratic": "DOCTYPE",
    "external-entity": "DOCTYPE",
    "external-dtd": "DOCTYPE",
    "parameter-entity": "DOCTYPE",
    "deep": "nested deeper",
    "bad-utf8": "line 4, in <post> 1",
}


@pytest.mark.shared
def test_hostile_files_leave_no_row(bring: Command) -> None:
    for name, words in HOSTILE.items():
        assert words in refused(bring("disqus", shared() / f"corpora/imports/hostile-{name}.xml"))
    assert kept(Comment) == kept(Article) == 0


@pytest.mark.shared
def test_a_hostile_tree_is_kept_whole(bring: Command) -> None:
    told = lines(bring("disqus", shared() / "corpora/imports/hostile-parent-cycle.xml"))
    assert "Imported 4: 4 published, 0 waiting, 0 empty (deleted, but with replies)." in told
    assert told[-1] == "    10, 12, 13"
