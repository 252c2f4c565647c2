"""The web app: serves the site's pages, the JSON API, readers' forms, mail pages and search over HTTP.

app                         everything put together        routing    paths to handlers
repositories, sessions      the store, one connection per thread
page_cache, byte_cache      pages already made             rate_limits, connections   limits for each client
api, search_pages           queries and search             monitoring                 health and metrics
forms, report_forms, mail_pages, join_page, my_posts       what readers send
feed_generator, witness_server                             Bluesky's custom feed; the server of `hotpapers witness`

Pages are the ones that `render` makes for the static site. Nothing that waits for the store runs in the event loop.
"""
