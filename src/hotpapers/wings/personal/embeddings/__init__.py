"""Related papers by the vectors of the operator's own embeddings server: off by default.

settings          the table `[embeddings]`
embedding_server  the request, the check of answers, and what `check` tries
queries           vectors in a table of the store: a paper is asked about once
filling           asks for the vectors that are missing, after issues are frozen
"""
