"""Does everything that the five built-in APIs hold arrive in a database, through Meltano, and only once?"""
