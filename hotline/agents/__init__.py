"""Who can be rung for a caller."""
