"""Speech in and out: the recogniser, endpointing, prompts, Mandarin readings, models.

In: `engines.load_model` (before the fork) → `engines.recogniser_for` → `open_stream`.
Out: `prompts.prompt_store` (before the fork) → `prompts.WorkerPrompts` (in the worker).
"""
