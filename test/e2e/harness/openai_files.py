"""Files, uploads and webhooks with the package openai. Takes and prints one JSON object."""

import hashlib
import json
import sys
from pathlib import Path

from openai import OpenAI

given = json.loads(sys.argv[1])
client = OpenAI()
content = Path(given["rows"]).read_bytes()
middle = len(content) // 2
upload = client.uploads.create(
    bytes=len(content),
    filename="rows.jsonl",
    mime_type="text/jsonl",
    purpose="fine-tune",
    expires_after={"anchor": "created_at", "seconds": 3600},
)
parts = [client.uploads.parts.create(upload.id, data=data) for data in (content[:middle], content[middle:])]
ids = [part.id for part in parts]
completed = client.uploads.complete(upload.id, part_ids=ids, md5=hashlib.md5(content, usedforsecurity=False).hexdigest())
file = client.files.wait_for_processing(completed.file.id)
listed = [each.id for each in client.files.list(order="asc", limit=2, purpose="fine-tune")]
event = client.webhooks.unwrap(given["body"], given["headers"], secret=given["secret"])
print(
    json.dumps(
        {
            "completed": completed.status == "completed",
            "same": client.files.content(file.id).content == content,
            "expires": file.expires_at == completed.created_at + 3600,
            "ordered": listed == sorted(listed) and listed[-1] == file.id,
            "event": event.object,
        }
    )
)
