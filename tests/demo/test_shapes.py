"""Made-up talk, against what was measured of real talk."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from comments.demo import shapes
from comments.threads.models import Status


def test_talk_has_the_shape_of_talk() -> None:
    dice = shapes.dice(1)
    sizes = sorted(shapes.sizes(1_000, 65_000, dice))
    assert sum(sizes) == 65_000
    assert 10 < sizes[500] < 40
    assert sizes[990] > 500
    plan = shapes.talk(5_000, dice)
    depths: list[int] = []
    for each in plan:
        depths.append(0 if each.parent is None else depths[each.parent] + 1)
    levels = Counter(depths)
    assert 0.2 < levels[0] / len(plan) < 0.4
    assert max(levels) <= 15
    assert all(levels[depth + 1] < levels[depth] for depth in range(6))
    assert all(one.seconds <= other.seconds for one, other in pairwise(plan))
    assert 0.05 < sum(each.status is Status.REJECTED for each in plan) / len(plan) < 0.07
    assert max(Counter(each.parent for each in plan if each.parent is not None).values()) > 50
