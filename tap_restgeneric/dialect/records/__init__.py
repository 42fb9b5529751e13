"""What becomes of a record before it is delivered?"""
