"""Where in a reply, or in a record?"""
