"""Speech in and out: the recogniser, endpointing, prompts, Mandarin readings, models.

In: `vosk_engine.load_model` (before the fork) → `vosk_engine.recogniser_for` → `open_stream`.
Out: `prompts.prompt_store` (before the fork) → `prompts.WorkerPrompts` (in the worker).
"""
