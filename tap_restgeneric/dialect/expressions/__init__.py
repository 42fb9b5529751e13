"""What does a condition or a template say?"""
