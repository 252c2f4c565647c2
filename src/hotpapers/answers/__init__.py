"""Answers: what a program may ask of a record and its issues, as functions from a desk and parameters to plain values.

    questions   all of them, once: name, address, parameters, answer
    desk        a record, its terms and its shelf, of one thread
    asked       parameters, with their limits
    shapes      answers
    issues papers talk searching status export    the functions
    openapi     the API's document, made of all that

The API (`serve/api.py`), the tools for language models (`cli/mcp.py`) and the library (`library.py`) ask nothing else.
Whatever of posts is in an answer may be shown now, by its network's terms.
"""

from hotpapers.answers.desk import Desk
from hotpapers.answers.questions import BY_NAME, QUESTIONS, Question

__all__ = ["BY_NAME", "QUESTIONS", "Desk", "Question"]
