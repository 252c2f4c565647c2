"""A sentence for each entry by the operator's language model: off by default, marked, and never requested twice.

settings     the table `[summary]`
llm_client   the prompt, the check of answers, and the request
generate     which papers get a sentence, and how sentences are kept, so that an issue verifies without the model
queries      papers with a sentence      wing  registers the wing's hooks
"""
