"""What Python makes of published models: reads JSON from stdin, prints JSON.

`asks` is a list of `{mode, place}`, where place is a folder or a repo of the hub in HF_ENDPOINT. `chat` loads weights
with transformers, `adapter` an adapter with peft and the base that its configuration names (or the folder in `base`);
both answer `conversations` greedily with at most `tokens` tokens. `classify` gives the classes of `texts` and their
scores.
"""

import json
import sys
import warnings

import peft
import torch
import transformers


def main() -> None:
    """Answers each ask with a list."""
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    given = json.load(sys.stdin)
    print(json.dumps([answers(ask, given) for ask in given["asks"]]))


def answers(ask: dict, given: dict) -> list:
    """To all conversations or texts."""
    place = ask["place"]
    if ask["mode"] == "classify":
        return transformers.pipeline("text-classification", place)(given["texts"], top_k=None)
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    model = adapted(place, ask.get("base")) if ask["mode"] == "adapter" else weights(place)
    return [answer(model, tokenizer, messages, given["tokens"]) for messages in given["conversations"]]


def weights(place: str) -> torch.nn.Module:
    """In float32, as the ONNX form computes."""
    return transformers.AutoModelForCausalLM.from_pretrained(place, dtype=torch.float32).eval()


def adapted(place: str, base: str | None) -> torch.nn.Module:
    """The base with the adapter on top, and nothing but what the adapter's own files say."""
    config = peft.PeftConfig.from_pretrained(place)
    return peft.PeftModel.from_pretrained(weights(base or config.base_model_name_or_path), place).eval()


@torch.no_grad()
def answer(model: torch.nn.Module, tokenizer: transformers.PreTrainedTokenizerBase, messages: list, tokens: int) -> str:
    """Greedy, without special tokens."""
    inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
    output = model.generate(**inputs, max_new_tokens=tokens, do_sample=False)
    return tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


if __name__ == "__main__":
    main()
