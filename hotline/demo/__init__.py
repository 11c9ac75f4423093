"""The demo: a real call by synthesised people, from the first ring to the crew's arrival."""
