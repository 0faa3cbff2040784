#!/bin/sh
# Keeps the trainer contract; learning is left to "$@", a program in any language. It is given the job folder, writes
# out/model.onnx and ends with 0, also when SIGTERM tells it to save what it has.
set -eu
"$@" "$AGON_JOB" &
learner=$!
save_now() { kill -TERM "$learner" 2>/dev/null || :; }
trap save_now TERM

deadline=$(sed -n 's/.*"deadline_unix": *\([0-9]*\).*/\1/p' "$AGON_JOB/job.json" | head -n 1)
step=0
while kill -0 "$learner" 2>/dev/null; do
  step=$((step + 1))
  echo "{\"step\": $step}"
  if [ "$(date +%s)" -ge $((deadline - 5)) ]; then save_now; fi
  sleep 1 || :
done
wait "$learner" || exit "$?"

printf '{"format": "onnx", "files": ["model.onnx"]}\n' > "$AGON_JOB/out/submission.json"
