"""How fast is the tap beside others? The same work side by side on one machine; `python -m benchmarks --help`."""
