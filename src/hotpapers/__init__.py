"""Hot Papers: every day, what research people are talking about, in an issue that can be read and trusted."""

__version__ = "0.1.0"
