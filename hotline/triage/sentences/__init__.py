"""The corpus: callers' sentences with the right answers; README.md tells how they are written."""
