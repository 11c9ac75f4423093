"""The 49 torture messages of RFC 4475 and what this edge answers to each."""
