"""The only rooms with I/O: asking the API, in order, politely, and without giving anything away."""
