from pathlib import Path

from agon_trainer.tabular_contract import TabularContract


class TestGbdt(TabularContract):
    template = Path(__file__).parent
    accuracy_min = 0.86
    explained_min = 0.75
