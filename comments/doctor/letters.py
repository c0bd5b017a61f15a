"""Whether a letter goes out, step by step, and whether whoever gets it can tell that it is ours."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from urllib.parse import urlsplit

from dns.exception import DNSException
from dns.resolver import NXDOMAIN, NoAnswer, Resolver

from comments import mail
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
    message["Message-ID"] = message_id
    message.set_content("If you can read this, the mail of your comments goes out.\n")
    return [
        ("sender", lambda: smtp.mail(parseaddr(sender)[1])),
        ("receiver", lambda: smtp.rcpt(to)),
        ("letter", lambda: smtp.data(bytes(message))),
    ]


def records(given: Settings, resolver: Resolver) -> Iterator[Finding]:
    """What the world can look up about the sender's domain, as far as can be seen from here."""
    domain = parseaddr(given.sender)[1].partition("@")[2]
    try:
        yield _spf(domain, _texts(domain, resolver))
        yield _dmarc(domain, resolver)
    except DNSException as error:
        yield warn("records", f"{domain} can't be looked up: {error}")
    yield warn(
        "dkim",
        "can't be seen from here; in the letter that arrived, Authentication-Results should say "
        f"dkim=pass for {domain}",
    )


def _spf(domain: str, texts: list[str]) -> Finding:
    found = [text for text in texts if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        return fail("spf", f"{domain} has {len(found)} records, so none counts: {found}")
    if not found:
        return warn("spf", f"{domain} says nothing of who may send for it; add: v=spf1 ... -all")
    if "+all" in found[0].lower().split():
        return warn("spf", f"{domain} lets everybody send for it: {found[0]}")
    return ok("spf", found[0])


def _dmarc(domain: str, resolver: Resolver) -> Finding:
    """The domain's own record, else that of a domain above it (RFC 7489, roughly)."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = f"_dmarc.{'.'.join(labels[start:])}"
        found = [text for text in _texts(name, resolver) if text.lower().startswith("v=dmarc1")]
        if found:
            return ok("dmarc", f"{name}: {found[0]}")
    return warn("dmarc", f"_dmarc.{domain} says nothing; some receivers then take us for spam")


def _texts(name: str, resolver: Resolver) -> list[str]:
    try:
        answer = resolver.resolve(name, "TXT", search=False)
    except (NXDOMAIN, NoAnswer):
        return []
    return [b"".join(record.strings).decode(errors="replace") for record in answer]
