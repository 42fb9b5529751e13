"""Who else reads REST APIs, and how is each told what to read?"""
