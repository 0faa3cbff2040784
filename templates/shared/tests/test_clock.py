"""What the clock promises."""

import pytest

from agon_trainer.clock import Clock


@pytest.mark.parametrize(("seconds", "reserve"), [(10, 2), (60, 6), (3600, 30), (3, 1.5), (-5, 0)])
def test_time_is_kept_for_export(seconds: float, reserve: float) -> None:
    clock = Clock(deadline=1000 + seconds, now=1000)
    assert clock.reserve == pytest.approx(reserve)
    assert clock.stop_at == pytest.approx(1000 + seconds - reserve)


def test_stopping_leaves_no_time() -> None:
    clock = Clock(deadline=1e12)
    assert not clock.stopping
    clock.stop()
    assert clock.stopping
    assert clock.left == 0
