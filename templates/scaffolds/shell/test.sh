#!/bin/sh
# The trainer on a job folder of ten rows; `agon template test` tries the whole contract.
# sh test.sh PROGRAM …: what template.json puts behind train.sh.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
AGON_JOB=$(mktemp -d)
export AGON_JOB
trap 'rm -rf "$AGON_JOB"' EXIT
mkdir "$AGON_JOB/data" "$AGON_JOB/out"
{ echo "age,income"; for _ in 1 2 3 4 5; do printf '39,low\n52,high\n'; done; } > "$AGON_JOB/data/train.csv"
cat > "$AGON_JOB/job.json" <<JSON
{
  "deadline_unix": $(($(date +%s) + 60)),
  "data": { "path": "data/train.csv" },
  "table": {
    "target": "income",
    "classes": ["low", "high"],
    "columns": [{ "name": "age", "input": "column_1", "kind": "number" }]
  }
}
JSON
(cd "$here" && sh train.sh "$@")
test -s "$AGON_JOB/out/model.onnx"
test -s "$AGON_JOB/out/submission.json"
echo "It keeps the contract for a small job."
