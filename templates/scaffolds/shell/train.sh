#!/bin/sh
# Keeps the trainer contract; learning is left to "$@", a program in any language: it is given the job folder, writes
# out/model.onnx and ends with 0. One that trains for long saves what it has when it gets SIGTERM.
set -eu
(trap '' TERM && exec "$@" "$AGON_JOB") & # it cannot be ended by SIGTERM before it listens to it
learner=$!
told=
trap 'told=yes' TERM

deadline=$(sed -n 's/.*"deadline_unix": *\([0-9]*\).*/\1/p' "$AGON_JOB/job.json" | head -n 1)
step=0
while kill -0 "$learner" 2>/dev/null; do
  step=$((step + 1))
  echo "{\"step\": $step}"
  if [ "$(date +%s)" -ge $((deadline - 5)) ]; then told=yes; fi
  if [ -n "$told" ]; then kill -TERM "$learner" 2>/dev/null || :; fi
  sleep 1 || :
done
wait "$learner" || exit "$?"

printf '{"format": "onnx", "files": ["model.onnx"]}\n' > "$AGON_JOB/out/submission.json"
