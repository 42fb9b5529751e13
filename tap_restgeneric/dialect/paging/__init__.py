"""Where is the next page?"""
