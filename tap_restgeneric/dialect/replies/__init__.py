"""What does a reply say, and what does it mean?"""
