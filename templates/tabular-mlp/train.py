"""Small neural nets in numpy. See README.md."""

from agon_trainer.start import run


def family():  # noqa: ANN201
    from mlp import Mlp  # noqa: PLC0415  loads after the thread counts are set

    return Mlp()


if __name__ == "__main__":
    run(family)
