"""The store in a PostgreSQL database, for several processes or machines.

server_store   a connection, its transactions and checks
vector_index   words of papers and posts in the server's own full-text search
wing           what it hooks into the core
"""
