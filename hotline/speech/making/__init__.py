"""The making of the small demonstration model, from texts to a folder that Vosk loads.

Needed only by who makes a model: `hotline model make`, with requirements-model.lock installed and
the tools of OpenFst on the path. Order: `texts` → `speaker` → `telephone_line` → `features` →
`network` and `training` → `lexicon`, `language`, `graph` → `acoustic_file`, `export`.
Everything random is drawn from one seed.
"""
