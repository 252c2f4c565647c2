"""The site's pages, as the bytes that the app serves and that the static site has on disk.

pages          all paths and pages of a site, from issue_pages, paper_pages, list_pages, and single_pages, which has
               robots.txt and the sitemap; and what people said, for the search page
search_page    the page with a search's results; search_index: the files that the static site searches
site_context   a publication's issues, prepared for its pages; wing_parts: what wings add to them

Renders what `view` has prepared. Nothing here reads the store.
"""
