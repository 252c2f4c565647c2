"""Views: issues, entries, posts and networks in words and numbers, independent of any output format. Pure.

issue_view     an issue and its entries          post_views   posts, as their networks allow
phrases        sentences shared by all outputs   site_paths   the addresses of pages
site_config    what pages know of a publication  tex, mathml  TeX in titles and abstracts
clean_text     what no output may contain        icons, sparkline, category_names   parts of pages
key_sentence   the sentence that tells most of an abstract; summary_source: who wrote it
publication_state, issue_proof, attack_prices, contact_links   what is shown beside issues
archive, catalogue, citations, worked_example    single pages and formats

All outputs (pages, feeds, mail, chat) start from these, so that they say the same. Nothing here writes HTML pages,
files or mail.
"""
