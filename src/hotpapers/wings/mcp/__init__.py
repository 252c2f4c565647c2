"""Tools for language models, by the Model Context Protocol: about a store, or about a published site.

rpc             messages over standard input and output
route           the same over HTTP, at `/mcp` of the app
record_tools    tools that ask a store; what a tool is
site_tools      tools that ask a site: published_site, site_search
site_files      a site's files, and what a question may take of them
site_questions  several questions to a site at once
hot_papers      the tool `hot`, and its file on sites
commands        the command `mcp`
wing            what the wing hooks into the core
"""
