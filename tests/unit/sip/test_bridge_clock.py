from twisted.internet.task import Clock

from hotline.sip.bridge_clock import LONGEST_LAG_SECONDS, BridgeClock


class Board:
    live_legs = 0
    bridged = False

    def __init__(self) -> None:
        self.turned: list[int] = []

    def turn(self, turns: int) -> None:
        self.turned.append(turns)


def started(board: Board) -> tuple[Clock, BridgeClock]:
    clock = Clock()
    ticker = BridgeClock(clock, lambda: None, board, tick_ms=60, tick_bridged_ms=40)
    ticker.start()
    return clock, ticker


def pass_seconds(clock: Clock, seconds: float, step: float = 0.01) -> None:
    for _ in range(round(seconds / step)):
        clock.advance(step)


def test_as_much_sound_passes_as_time() -> None:
    board = Board()
    board.live_legs = 1
    clock, _ = started(board)
    pass_seconds(clock, 6)
    assert set(board.turned) == {3}
    assert abs(sum(board.turned) * 0.02 - 6) <= 0.07
    board.turned.clear()
    board.bridged = True
    pass_seconds(clock, 6)
    assert abs(sum(board.turned) * 0.02 - 6) <= 0.07
    assert board.turned[1:] == [2] * (len(board.turned) - 1)


def test_no_leg_no_turn_and_few_ticks() -> None:
    board = Board()
    clock, ticker = started(board)
    pass_seconds(clock, 2)
    assert not board.turned
    board.live_legs = 1
    ticker.wake()
    clock.advance(0.021)
    assert board.turned == [3]


def test_wake_does_not_hasten_a_running_clock() -> None:
    board = Board()
    board.live_legs = 1
    clock, ticker = started(board)
    for _ in range(300):
        ticker.wake()
        clock.advance(0.01)
    assert sum(board.turned) * 0.02 <= 3 + 0.2


def test_late_ticks_are_made_up_for_but_not_a_long_sleep() -> None:
    board = Board()
    board.live_legs = 1
    clock, _ = started(board)
    clock.advance(0.3)
    pass_seconds(clock, 0.3)
    assert abs(sum(board.turned) * 0.02 - 0.6) <= 0.07
    board.turned.clear()
    clock.advance(3600)
    pass_seconds(clock, 0.06)
    assert sum(board.turned) * 0.02 <= LONGEST_LAG_SECONDS + 0.2


def test_stop_leaves_no_timer() -> None:
    clock, ticker = started(Board())
    ticker.stop()
    assert not clock.getDelayedCalls()
