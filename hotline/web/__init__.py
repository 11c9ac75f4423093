"""Pages for people and machines: health, readiness and metrics."""
