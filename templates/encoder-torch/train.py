"""Tunes an encoder with a new head for text classification. See README.md."""

from pathlib import Path

from agon_trainer.start import HandIn, launch


def train(folder: Path, desk: HandIn) -> None:
    """Imports PyTorch only now: thread counts have been set."""
    from encoder import train_encoder  # noqa: PLC0415

    train_encoder(folder, desk)


if __name__ == "__main__":
    launch(train)
