"""Gradient-boosted trees with a seeded search. See README.md."""

from openmp import ensure_openmp

ensure_openmp()  # before anything loads LightGBM: it may start this process anew

from agon_trainer.start import run  # noqa: E402


def family():  # noqa: ANN201
    from gbdt import Gbdt  # noqa: PLC0415  loads after the thread counts are set

    return Gbdt()


if __name__ == "__main__":
    run(family)
