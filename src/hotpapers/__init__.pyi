from hotpapers.library import Library as Library
from hotpapers.library import find as find
from hotpapers.library import open as open

__version__: str
