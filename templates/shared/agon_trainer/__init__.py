"""What every Agon template shares: reading a job, keeping time, searching, and leaving an ONNX model.

A template gives a `Family` (see `search.py`) to `agon_trainer.start.run`; all else is here. Called by
`templates/*/train.py`; imports numpy, pandas, onnx and onnxruntime, never a template.
"""
