"""Views: issues, entries, posts and networks in words and numbers, independent of any output format. Pure.

issue_view     an issue and its entries          post_views   posts, as their networks allow
phrases        sentences shared by all outputs   site_paths   the addresses of pages
site_config    what pages know of a publication  tex, mathml  TeX in titles and abstracts
archive, catalogue, citations, worked_example    single pages and formats

All outputs (pages, feeds, mail, chat) start from these, so that they say the same. Nothing here writes HTML pages,
files or mail.
"""
