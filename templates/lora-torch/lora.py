"""Plain LoRA on all linear layers, by AdamW."""

from transformers import PreTrainedModel

from agon_trainer.language.causal import Plan
from agon_trainer.language.handing_in import hand_in_adapter
from agon_trainer.language.job import LanguageJob
from agon_trainer.language.models import Place
from agon_trainer.language.students import LoraKind, LoraStudent
from agon_trainer.language.tuner import Setting, Weights

KIND = LoraKind(alpha=32, root=False, ratio=1.0, decay=0.0)
SMALL_WIDTH = 512
SETTINGS = (Setting(1e-3, 16), Setting(3e-3, 16), Setting(1e-3, 32), Setting(3e-4, 16))
SETTINGS_OF_SMALL = (Setting(1.5e-2, 32), Setting(5e-3, 32), Setting(3e-2, 16))


def plan(job: LanguageJob, model: PreTrainedModel, place: Place) -> Plan:
    """Narrow models bear higher rates and want a higher rank."""
    student = LoraStudent(model, place, job, KIND)

    def hand_in(setting: Setting, weights: Weights) -> int:
        return hand_in_adapter(job, student.config(setting), weights)

    return Plan(student, SETTINGS_OF_SMALL if model.config.hidden_size < SMALL_WIDTH else SETTINGS, hand_in)
