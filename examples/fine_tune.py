"""Fine-tunes a model and talks to it with OpenAI's own SDK: pip install openai, then
OPENAI_BASE_URL=http://127.0.0.1:8080/v1 OPENAI_API_KEY=... python fine_tune.py rows.jsonl org/base-model"""

import sys
import time
from pathlib import Path

from openai import OpenAI

path, model = sys.argv[1:]
client = OpenAI()
file = client.files.create(file=Path(path), purpose="fine-tune")
wishes = {"agon_minutes": "1", "agon_seats": "2"}
job = client.fine_tuning.jobs.create(model=model, training_file=file.id, metadata=wishes)
while job.status not in ("succeeded", "failed", "cancelled"):
    time.sleep(1)
    job = client.fine_tuning.jobs.retrieve(job.id)
for event in client.fine_tuning.jobs.list_events(job.id):
    print(event.level, event.message, file=sys.stderr)
if job.status != "succeeded" or job.fine_tuned_model is None:
    sys.exit(job.error.message if job.error else job.status)
messages = [{"role": "user", "content": "What does it mean to reign?"}]
for chunk in client.chat.completions.create(model=job.fine_tuned_model, messages=messages, max_tokens=40, stream=True):
    print(chunk.choices[0].delta.content or "" if chunk.choices else "", end="", flush=True)
print()
