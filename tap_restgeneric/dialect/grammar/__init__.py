"""What may a source look like? The JSON Schema of the dialect."""
