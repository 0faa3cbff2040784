"""Softmax regression over words. See README.md."""

from pathlib import Path

from agon_trainer.start import HandIn, launch


def train(folder: Path, desk: HandIn) -> None:
    """Imports numpy only now: thread counts have been set."""
    from texts import train_texts  # noqa: PLC0415

    train_texts(folder, desk)


if __name__ == "__main__":
    launch(train)
