"""Makes a small BERT and trains a classifier of it: `tiny_encoder.py BASE TRAINED`.

Reads `{words, rows: [{text, label}]}` from stdin. BASE becomes the untrained encoder, without a head; TRAINED the
classifier, as a miner hands it in. Prints the classes.
"""

import json
import sys
from pathlib import Path

import torch
import transformers

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
STEPS = 120
ROWS = 32


def main(base: Path, trained: Path) -> None:
    """Both in Hugging Face's layout."""
    given = json.load(sys.stdin)
    vocabulary = {word: index for index, word in enumerate([*SPECIAL, *given["words"]])}
    tokenizer = transformers.BertTokenizer(vocab=vocabulary)
    classes = sorted({row["label"] for row in given["rows"]})
    torch.set_num_threads(1)
    torch.manual_seed(3)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=64,
        id2label=dict(enumerate(classes)),
        label2id={name: index for index, name in enumerate(classes)},
    )
    model = transformers.BertForSequenceClassification(config)
    tokenizer.save_pretrained(base)
    model.bert.save_pretrained(base)
    train(model, tokenizer, given["rows"])
    model.save_pretrained(trained)
    print(json.dumps(classes))


def train(model: transformers.PreTrainedModel, tokenizer: transformers.PreTrainedTokenizerBase, rows: list) -> None:
    """Some hundred steps are enough for words that give the class away."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for step in range(STEPS):
        batch = [rows[(step * ROWS + index) % len(rows)] for index in range(ROWS)]
        inputs = tokenizer([row["text"] for row in batch], padding=True, return_tensors="pt")
        labels = torch.tensor([model.config.label2id[row["label"]] for row in batch])
        model(**inputs, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
