"""Tunes all weights of a small base model. See README.md."""

from pathlib import Path

from agon_trainer.start import HandIn, launch


def train(folder: Path, desk: HandIn) -> None:
    """Imports PyTorch only now: thread counts have been set."""
    from agon_trainer.language.causal import train_causal  # noqa: PLC0415
    from full import plan  # noqa: PLC0415

    train_causal(folder, desk, plan)


if __name__ == "__main__":
    launch(train)
