"""What transformers and peft answer greedily. Reads a JSON request from standard input, prints the new tokens as JSON."""

import json
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM


def main() -> None:
    request = json.load(sys.stdin)
    torch.set_num_threads(1)
    model = AutoModelForCausalLM.from_pretrained(request["base"], dtype=torch.float32, local_files_only=True)
    if request["adapter"]:
        model = PeftModel.from_pretrained(model, request["adapter"])
    answers = []
    for prompt in request["prompts"]:
        ids = torch.tensor([prompt])
        made = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=request["new_tokens"],
            eos_token_id=None,
            pad_token_id=0,
        )
        answers.append(made[0, len(prompt) :].tolist())
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
