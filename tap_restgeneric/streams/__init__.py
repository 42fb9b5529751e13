"""One Stream class per resource: what is read for it, what is written of it, and how far it has come."""
