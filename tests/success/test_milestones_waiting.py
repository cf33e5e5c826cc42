from success.milestones.waiting import Waiting


def taken(waiting: Waiting, *, most: int = 10) -> list[tuple[int, list[int]]]:
    turns = []
    while waiting:
        turns.append(waiting.take(most=most))
    return turns


def test_a_client_waits_once_however_often_it_comes() -> None:
    waiting = Waiting(most=10)
    waiting.add(1, [5, 6])
    waiting.add(1, [6, 7, 7])
    assert len(waiting) == 3
    assert taken(waiting) == [(1, [5, 6, 7])]


def test_organizations_take_turns() -> None:
    waiting = Waiting(most=10)
    waiting.add(1, [1, 2, 3])
    waiting.add(2, [4])
    assert taken(waiting, most=2) == [(1, [1, 2]), (2, [4]), (1, [3])]


def test_what_finds_no_place_is_counted() -> None:
    waiting = Waiting(most=2)
    waiting.add(1, [1, 2, 3])
    waiting.add(2, [1])
    waiting.add(1, [2])
    assert (len(waiting), waiting.lost) == (2, 2)
    assert taken(waiting) == [(1, [1, 2])]


def test_there_is_place_again_when_some_were_taken() -> None:
    waiting = Waiting(most=1)
    waiting.add(1, [1])
    waiting.take(most=1)
    waiting.add(2, [1])
    assert (taken(waiting), waiting.lost) == ([(2, [1])], 0)


def test_nobody_waits_when_nobody_was_added() -> None:
    waiting = Waiting(most=1)
    waiting.add(1, [])
    assert not waiting
