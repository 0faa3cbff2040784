"""What huggingface_hub reads in the model card that stdin has as JSON, and whether the hub in HF_ENDPOINT takes it."""

import json
import sys

from huggingface_hub import ModelCard
from huggingface_hub.repocard_data import model_index_to_eval_results


def main(text: str) -> None:
    """Prints the metadata, and the results in the hub's own terms."""
    card = ModelCard(text)
    card.validate()
    data = card.data.to_dict()
    name, results = model_index_to_eval_results(data["model-index"])
    found = [
        {"task": each.task_type, "dataset": each.dataset_name, "metric": each.metric_type, "value": each.metric_value}
        for each in results
    ]
    del data["model-index"]
    print(json.dumps({"name": name, "results": found, "data": data}))


if __name__ == "__main__":
    main(json.load(sys.stdin))
