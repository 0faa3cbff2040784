"""What the templates for language tasks share: rows as tokens, batches, PyTorch models, tuning against the clock.

`job.py` and `rows.py` need neither PyTorch nor transformers. Called by `templates/lora-torch`, `full-torch`,
`encoder-torch` and `text-linear`; never imports a template.
"""
