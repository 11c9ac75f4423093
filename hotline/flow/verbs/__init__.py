"""The verbs of the menu grammar, one file per kind; each says what it does on entry and on input."""
