"""Views: issues, entries, posts and networks in words and numbers, independent of any output format. Pure.

issue_view     an issue and its entries          post_views   posts, as their networks allow; lanes, icons
conversation_views   who answered whom, cut to what a page can hold
phrases        sentences shared by all outputs   site_paths   the addresses of pages
site_config    what pages know of a publication  tex, mathml  TeX in titles and abstracts
sparkline      attention as a curve
glance         what is seen first of an issue   highlighting   what a search has found in a text
page_fields    the categories of papers, their names, and which a reader chose
key_sentence   the sentence that tells most of an abstract   best_sentence  the best one somebody said
reading_words  how networks were read           score_view   a score: a sentence, a table, formulas
shares         whose points an issue has
math_text      formulas as a line of Unicode    math_alphabets   letters of formulas, such as ℝ
publication_state, contact_links   what is shown beside issues
text_for_scripts   titles and abstracts, as scripts read them
catalogue, citation_formats, tops    single pages and formats

All outputs (pages, feeds, mail, chat) start from these, so that they say the same. Nothing here writes HTML pages,
files or mail.
"""
