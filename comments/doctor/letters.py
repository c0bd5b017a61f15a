"""Whether a letter goes out, step by step, and whether whoever gets it can tell that it is ours."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from comments import clock, mail
from comments.doctor import dmarc
from comments.doctor.findings import Finding, fail, ok, warn
from comments.settings import Settings

Answer = tuple[int, bytes]


def trial(given: Settings, to: str, message_id: str) -> Iterator[Finding]:
    """Send a letter to this address, and tell what the server answered to each step."""
    if given.smtp_url is None:
        yield fail("server", "COMMENTS_SMTP_URL is not set, so no letter leaves this machine")
        return
    address = urlsplit(given.smtp_url.get_secret_value())
    try:
        smtp = mail.connected(address)
    except (smtplib.SMTPException, OSError) as error:
        yield fail("server", f"{address.hostname} can't be used: {mail.words_of(error)}")
        return
    with smtp:
        yield ok("server", f"{address.hostname} lets us in{_how(smtp)}")
        for step, act in _steps(smtp, given.sender, to, message_id):
            try:
                code, said = act()
            except (smtplib.SMTPException, OSError) as error:
                yield fail(step, mail.words_of(error))
                return
            words = mail.answer(code, said)
            yield ok(step, words) if code < 400 else fail(step, words)
            if code >= 400:
                return


def _how(smtp: smtplib.SMTP) -> str:
    cipher = getattr(smtp.sock, "cipher", None)
    return f", encrypted by {cipher()[1]}" if cipher else ", without encryption"


def _steps(
    smtp: smtplib.SMTP, sender: str, to: str, message_id: str
) -> list[tuple[str, Callable[[], Answer]]]:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, to
    message["Subject"] = "A letter to see whether letters arrive"
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content("If you can read this, the mail of your comments goes out.\n")
    return [
        ("sender", lambda: smtp.mail(parseaddr(sender)[1])),
        ("receiver", lambda: smtp.rcpt(to)),
        ("letter", lambda: smtp.data(bytes(message))),
    ]


def records(given: Settings, resolver: Resolver) -> Iterator[Finding]:
    """What the world can look up about the sender's domain, as far as can be seen from here."""
    sender = parseaddr(given.sender)[1]
    domain = dmarc.domain_of(sender)
    found: list[dmarc.Record] = []
    try:
        yield _spf(domain, _texts(domain, resolver))
        found = dmarc.look(domain, lambda name: _texts(name, resolver))
        yield dmarc.judged(domain, found)
    except DNSException as error:
        yield warn("records", f"{domain} can't be looked up: {error}")
    record = found[0] if len(found) == 1 else None
    yield dmarc.alignment(sender, _login(given), record)
    yield dmarc.dkim(domain, record)


def _login(given: Settings) -> str | None:
    """By which address we sign in to the mail server, if by one."""
    url = given.smtp_url.get_secret_value() if given.smtp_url else ""
    name = unquote(urlsplit(url).username or "")
    return name if "@" in name else None


def _spf(domain: str, texts: list[str]) -> Finding:
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        return fail("spf", f"{domain} has {len(found)} records, so none counts: {found}")
    if not found:
        return warn("spf", f"{domain} says nothing of who may send for it; add: v=spf1 ... -all")
    if "+all" in found[0].lower().split():
        return warn("spf", f"{domain} lets everybody send for it: {found[0]}")
    return ok("spf", found[0])


def _texts(name: str, resolver: Resolver) -> list[str]:
    try:
        answer = resolver.resolve(name, "TXT", search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
