"""Where templates and migrations lie: beside the package, or inside it once installed."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> str:
    for parent in (PACKAGE, PACKAGE.parent):
        if (parent / name).is_dir():
            return str(parent / name)
    raise RuntimeError(f"{name}/ is neither in nor beside {PACKAGE}")


TEMPLATES, MIGRATIONS = folder("templates"), folder("migrations")
