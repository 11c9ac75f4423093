"""The SIP edge: a process of its own between carriers, phones, strangers and our workers.

`docs/edge-contract.md` says what it owes the rest; `python -m hotline.edge --config FILE` runs it.
"""
