"""Loads a base model by its name from the registry that HF_ENDPOINT names, and lets it go on with a text."""

import json
import sys

from transformers import AutoModelForCausalLM, AutoTokenizer


def run(name: str) -> dict[str, object]:
    """A few tokens, always the likeliest."""
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForCausalLM.from_pretrained(name)
    inputs = tokenizer("The word", return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=4, do_sample=False)
    return {"prompt": inputs["input_ids"].shape[1], "tokens": output.shape[1]}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
