"""Placeholder until names land."""


def display(name: str) -> str:
    return name.strip()


def key(name: str) -> str:
    return name.strip().casefold()
