"""Related papers by the vectors of the operator's own embeddings server: off by default.

settings          the table `[embeddings]`
embedding_server  the request, the check of answers, and what `check` tries
vector_files      vectors in files beside the store: a paper is asked about once
queries           vectors in a table of a store on a server, with the wing's SQL for it
saved_vectors     which of the two a store has
filling           asks for the vectors that are missing, after issues are frozen
closeness         how close papers are by their vectors
"""
