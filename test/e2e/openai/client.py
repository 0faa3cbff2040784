"""What a person does with the package openai: upload, job, events, wait, chat. Prints what it saw as one JSON object.

Usage: client.py DATASET BASE_MODEL
"""

import json
import sys
import time
from pathlib import Path

from openai import OpenAI

final = {"succeeded", "failed", "cancelled"}
messages = [{"role": "user", "content": "What does 'firm' mean?"}]


def main(dataset: str, base_model: str) -> dict:
    client = OpenAI()
    file = client.files.create(file=Path(dataset), purpose="fine-tune")
    file = client.files.wait_for_processing(file.id)
    job = client.fine_tuning.jobs.create(
        model=base_model,
        training_file=file.id,
        suffix="python",
        method={"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": "auto"}}},
        metadata={"agon_minutes": "1", "agon_seats": "2"},
    )
    deadline = time.monotonic() + 240
    while job.status not in final and time.monotonic() < deadline:
        time.sleep(1)
        job = client.fine_tuning.jobs.retrieve(job.id)
    events = [event.message for event in client.fine_tuning.jobs.list_events(job.id, limit=2)]
    checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id))
    asked = {"model": job.fine_tuned_model, "messages": messages, "temperature": 0, "max_tokens": 24}
    answer = client.chat.completions.create(**asked)
    stream = client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    return {
        "file": file.status,
        "status": job.status,
        "model": job.fine_tuned_model,
        "events": len(events),
        "result": client.files.content(job.result_files[0]).text,
        "checkpoints": [one.fine_tuned_model_checkpoint for one in checkpoints],
        "listed": job.fine_tuned_model in [model.id for model in client.models.list()],
        "jobs": [one.id for one in client.fine_tuning.jobs.list(limit=1)].count(job.id),
        "answer": answer.choices[0].message.content,
        "streamed": "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices),
        "usage": [answer.usage.completion_tokens, chunks[-1].usage.completion_tokens],
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
