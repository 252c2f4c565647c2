"""Publish: issues as people read them.

view       issues in words and numbers for pages
render     site, feeds, Markdown
query      answers of API, library and language models' tools
deliver    into folders, to chat rooms and networks
schedule   freeze and publish in time; health
hooks      what wings add; page_hooks: to a site's files
"""
