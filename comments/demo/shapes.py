"""The shape of made-up talk: who answers whom and when, and what becomes of it. Seeded, pure.

The figures are those of news sites and large forums: most articles have little talk and a few very
much, most of it is replies, one level has three quarters of the comments of the one above, people
answer what was said lately and what many answer, and most is said within a day.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from random import Random

from comments.threads.models import Status

# Comments under an article: the median is a third of the mean, and the most is so many medians.
SPREAD, MOST = 1.55, 225
# Of comments that are said, by hours since the article.
ARRIVALS = {
    0.0: 0.0,
    0.5: 0.117,
    1.0: 0.252,
    2.0: 0.443,
    4.0: 0.602,
    8.0: 0.715,
    12.0: 0.837,
    24.0: 0.950,
    72.0: 0.985,
    336.0: 1.0,
}
# The share of replies, by how many comments there are at least.
REPLIES = {0: 0.16, 5: 0.43, 10: 0.57, 20: 0.66, 50: 0.72, 100: 0.75}
DEEPER = 0.75
DEEPEST = (12, 15)
HALF_LIFE = 3600.0
# How many of the last answered are in the running, and what draws answers more than others do.
RUNNING = 20.0
HUBS, PULL = 1 / 80, 15
REJECTED, PENDING = 0.06, 0.002
VOTED, VOTES, UP = 0.05, 4.0, 0.8
# The first of all people say more than the last.
EAGER = 1.6

_HOURS, _SHARES = list(ARRIVALS), list(ARRIVALS.values())


@dataclass(slots=True)
class Planned:
    """One comment to be: the place in the plan of what it answers, how many seconds after the
    article it is said, and what becomes of it.

    `who` and `what` are drawn from [0, 1): they stand for its author and its text.
    """

    parent: int | None
    seconds: float
    who: float
    what: float
    status: Status = Status.PUBLISHED
    ups: int = 0
    downs: int = 0


Plan = list[Planned]


def dice(seed: int | str) -> Random:
    """Dice that always fall the same way."""
    return Random(seed)  # noqa: S311 - nothing here is a secret


def sizes(articles: int, comments: int, dice: Random) -> list[int]:
    """How many comments each article has; in all exactly as many as are asked for."""
    weights = [min(math.exp(dice.gauss(0, SPREAD)), MOST) for _ in range(articles)]
    ends = [round(comments * end / sum(weights)) for end in accumulate(weights, initial=0.0)]
    return [end - start for start, end in pairwise(ends)]


def talk(size: int, dice: Random, *, rejected: float = REJECTED, chain: int = 0) -> Plan:
    """A conversation of this size as people have them; the first `chain` comments answer each other
    in a line."""
    share = REPLIES[max(least for least in REPLIES if least <= size)]
    tree = _Tree(dice)
    for number, seconds in enumerate(sorted(_arrival(dice) for _ in range(size))):
        if 0 < number < chain:
            parent: int | None = number - 1
        else:
            parent = tree.answered(seconds) if dice.random() < share else None
        tree.add(parent, seconds)
    _judge(tree.plan, dice, rejected)
    return tree.plan


def even(published: int, *, rejected: int = 0) -> Plan:
    """A conversation that is alike everywhere: roots with three replies each, and after each of
    these so many that were rejected, every other one a root."""
    plan: Plan = []
    for start in range(0, published, 4):
        root = len(plan)
        parents = (None, root, root + 1, root)[: published - start]
        plan += [_alike(parent, len(plan) + place) for place, parent in enumerate(parents)]
        end = rejected * (start + 4) // published
        for number in range(rejected * start // published, min(end, rejected)):
            plan.append(_alike(root if number % 2 else None, len(plan)))
            plan[-1].status = Status.REJECTED
    return plan


def _alike(parent: int | None, number: int) -> Planned:
    return Planned(parent, float(number), 0.0, 0.0)


@dataclass(slots=True)
class _Level:
    """What can be answered at one depth: by when it was said or answered, so that what many answer
    is answered by more."""

    times: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def add(self, number: int, seconds: float, weight: int = 1) -> None:
        self.times += [seconds] * weight
        self.numbers += [number] * weight


class _Tree:
    """Talk that grows."""

    def __init__(self, dice: Random) -> None:
        self.plan: Plan = []
        self._dice = dice
        self._deepest = dice.randint(*DEEPEST)
        self._depths: list[int] = []
        self._levels: list[_Level] = []

    def answered(self, seconds: float) -> int | None:
        """What somebody answers at this moment, at a depth that is drawn first."""
        depth = 0
        while depth < min(self._deepest, len(self._levels)) - 1 and self._dice.random() < DEEPER:
            depth += 1
        if not self._levels:
            return None
        level = self._levels[depth]
        age = self._dice.expovariate(math.log(2) / HALF_LIFE)
        last = bisect(level.times, seconds - age) - 1
        return level.numbers[max(0, last - int(self._dice.expovariate(1 / RUNNING)))]

    def add(self, parent: int | None, seconds: float) -> None:
        dice = self._dice
        number = len(self.plan)
        depth = 0 if parent is None else self._depths[parent] + 1
        self.plan.append(Planned(parent, seconds, dice.random() ** EAGER, dice.random()))
        self._depths.append(depth)
        if parent is not None:
            self._levels[depth - 1].add(parent, seconds)
        if depth == len(self._levels):
            self._levels.append(_Level())
        self._levels[depth].add(number, seconds, PULL if dice.random() < HUBS else 1)


def _arrival(dice: Random) -> float:
    """Seconds after the article."""
    share = dice.random()
    place = bisect(_SHARES, share)
    (before, after), (low, high) = _HOURS[place - 1 : place + 1], _SHARES[place - 1 : place + 1]
    return 3600 * (before + (after - before) * (share - low) / (high - low))


def _judge(plan: Sequence[Planned], dice: Random, rejected: float) -> None:
    """Nobody can answer what waits; what was answered had been published before it was rejected."""
    answered = {each.parent for each in plan}
    for number, each in enumerate(plan):
        chance = dice.random()
        if chance < rejected:
            each.status = Status.REJECTED
        elif chance < rejected + PENDING and number not in answered:
            each.status = Status.PENDING
        elif dice.random() < VOTED:
            votes = 1 + int(dice.expovariate(1 / VOTES))
            each.ups = sum(dice.random() < UP for _ in range(votes))
            each.downs = votes - each.ups
