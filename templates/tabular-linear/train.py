"""Regularised linear models over splines and one-hots. See README.md."""

from agon_trainer.start import run


def family():  # noqa: ANN201
    from linear import Linear  # noqa: PLC0415  loads after the thread counts are set

    return Linear()


if __name__ == "__main__":
    run(family)
