from __future__ import annotations

from array import array

from comments.imports import lineage


def levels(*parents: int) -> tuple[list[int], list[int], list[int]]:
    """Levels, who was cut off, and the parents afterwards, all counted from comment 1."""
    above = array("l", [0, *parents])
    depths, cut = lineage.levels(above)
    return list(depths[1:]), cut, list(above[1:])


def test_levels_count_from_the_top() -> None:
    assert levels(0, 1, 2, 1, 0) == ([1, 2, 3, 2, 1], [], [0, 1, 2, 1, 0])


def test_children_may_come_first() -> None:
    assert levels(3, 1, 0) == ([2, 3, 1], [], [3, 1, 0])


def test_a_ring_is_cut_at_its_first_comment() -> None:
    assert levels(2, 1) == ([1, 2], [1], [0, 1])
    assert levels(1) == ([1], [1], [0])


def test_what_leads_into_a_ring_stays_below_it() -> None:
    depths, cut, parents = levels(2, 3, 4, 2)
    assert cut == [2]
    assert parents == [2, 0, 4, 2]
    assert depths == [2, 1, 3, 2]


def test_a_chain_of_any_length_ends() -> None:
    count = 200_000
    depths, cut, _parents = levels(*range(2, count + 1), 0)
    assert depths == list(range(count, 0, -1))
    assert cut == []


def test_many_rings_end() -> None:
    pairs = [n + 1 if n % 2 else n - 1 for n in range(1, 100_001)]
    depths, cut, _parents = levels(*pairs)
    assert len(cut) == 50_000
    assert depths == [1, 2] * 50_000


def test_everybody_above_the_living_is_found() -> None:
    parents = array("l", [0, 0, 1, 2, 1, 0, 5])
    assert lineage.above([3], parents) == {1, 2}
    assert lineage.above([3, 4, 6], parents) == {1, 2, 5}
    assert lineage.above([1], parents) == set()
