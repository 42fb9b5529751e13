"""What does an API look like, found out with a handful of requests?"""
