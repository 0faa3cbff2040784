from pathlib import Path

from agon_trainer.tabular_contract import TabularContract


class TestLinear(TabularContract):
    template = Path(__file__).parent
    accuracy_min = 0.84
    explained_min = 0.6
