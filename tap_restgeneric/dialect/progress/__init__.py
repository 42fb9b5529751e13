"""How far has a stream come, and where does a run begin?"""
