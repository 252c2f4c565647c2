from hotpapers import ids as ids
from hotpapers.base.papers.mentions import find as find
from hotpapers.site.site import Site as Site

__version__: str
