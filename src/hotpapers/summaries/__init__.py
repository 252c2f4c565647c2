"""A sentence for each entry by a language model of the operator's: off by default, marked, and never asked twice.

llm_client   what a model is told, and which of its answers is taken: plain functions, and the one request
generate     for which papers it is asked, and how its sentences are kept, so that an issue verifies without it
"""
