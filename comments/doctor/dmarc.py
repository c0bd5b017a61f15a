"""What a domain asks of those who get letters from it, and which letters count as its own (DMARC,
RFC 7489). Which domain is an organisation's, no list of public suffixes is here to say: it is taken
from where the record is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from comments.doctor.findings import Finding, fail, ok, warn

ACTS = {
    "none": "letters that fail arrive all the same; ask for more once all of yours pass",
    "quarantine": "letters that fail are taken for spam",
    "reject": "letters that fail are refused",
}
MODES = ("r", "s")


@dataclass(frozen=True, slots=True)
class Record:
    """What is said at `_dmarc.` and this domain."""

    holder: str
    text: str

    @property
    def tags(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in self.text.split(";"))
        return {name.strip().lower(): value.strip().lower() for name, _, value in pairs}

    def __str__(self) -> str:
        return f"_dmarc.{self.holder}: {self.text}"

    def policy(self, domain: str) -> str:
        """What it asks for letters from this domain, its own or one below."""
        tags = self.tags
        return tags["p"] if domain == self.holder else tags.get("sp", tags["p"])

    def is_strict(self, tag: str) -> bool:
        return self.tags.get(tag) == "s"


def look(domain: str, texts: Callable[[str], list[str]]) -> list[Record]:
    """The records of the domain, else those of the next domain above it that has any."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        holder = ".".join(labels[start:])
        said = [text for text in texts(f"_dmarc.{holder}") if text.lower().startswith("v=dmarc1")]
        if said:
            return [Record(holder, text) for text in said]
    return []


def judged(domain: str, found: list[Record]) -> Finding:
    if not found:
        return warn(
            "dmarc",
            f"_dmarc.{domain} says nothing; some receivers then take us for spam; "
            "add: v=DMARC1; p=none",
        )
    if len(found) > 1:
        return fail("dmarc", f"_dmarc.{found[0].holder} has {len(found)} records, so none counts")
    (record,) = found
    if why := _void(record):
        return fail("dmarc", f"{record}: does not count, since {why}")
    act = ACTS[record.policy(domain)]
    if domain != record.holder:
        act = f"{domain} has none of its own, so this one counts: {act}"
    wrong = [tag for tag in ("aspf", "adkim") if record.tags.get(tag, "r") not in MODES]
    if wrong:
        return warn("dmarc", f"{record}: {' and '.join(wrong)} must be r or s; {act}")
    return ok("dmarc", f"{record}: {act}")


def _void(record: Record) -> str:
    """Why receivers ignore it, if they do."""
    version, _, rest = record.text.partition(";")
    if version.rstrip() != "v=DMARC1" or not rest:
        return "it must begin with v=DMARC1; and go on with p="
    tags = {"p": "", "sp": "none", **record.tags}
    wrong = [f"{tag}=" for tag in ("p", "sp") if tags[tag] not in ACTS]
    return f"{' and '.join(wrong)} must be none, quarantine or reject" if wrong else ""


def alignment(sender: str, login: str | None, record: Record | None) -> Finding:
    """Whether the envelope counts for whom letters are from; `login` is whom the mail server knows
    us as, where that is an address."""
    domain, other = domain_of(sender), domain_of(login or sender)
    strict = record is not None and record.is_strict("aspf")
    if other == domain or (not strict and _are_one(domain, other, record)):
        return ok(
            "alignment",
            f"letters leave as {sender} in the envelope and in From: SPF that passes counts for "
            f"{domain}, unless Return-Path of the letter that arrived has another domain",
        )
    exactly = f"aspf=s takes {domain} alone; " if strict else ""
    return warn(
        "alignment",
        f"{exactly}we sign in to the mail server at {other}, and letters are from {domain}: it "
        f"may send and sign them for {other}, and neither SPF nor DKIM counts then. Let it send "
        f"and sign for {domain}, or give COMMENTS_MAIL_FROM an address at {other}",
    )


def dkim(domain: str, record: Record | None) -> Finding:
    strict = record is not None and record.is_strict("adkim")
    which = f"{domain} (adkim=s takes no other)" if strict else domain
    return warn(
        "dkim",
        "can't be seen from here; in the letter that arrived, Authentication-Results should say "
        f"dkim=pass for {which}",
    )


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _are_one(domain: str, other: str, record: Record | None) -> bool:
    """Whether they are of one organisation, as far as can be told."""
    if domain.endswith(f".{other}") or other.endswith(f".{domain}"):
        return True
    holder = record.holder if record and record.tags.get("psd") != "y" else domain
    return other == holder or other.endswith(f".{holder}")
