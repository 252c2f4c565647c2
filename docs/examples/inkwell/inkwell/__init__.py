"""Papers of Inkwell, a made-up server, for Hot Papers."""

from hotpapers.base.networks import Network, NetworkReader
from hotpapers.base.papers.paper_servers import PaperServer
from hotpapers.base.wings import Wing

SERVER = PaperServer(
    "inkwell", "Inkwell", ("inkwell.example",), ("10.55555",),
    dois=r"(?P<work>10\.55555/ink\.(?P<id>\d{4}\.\d{4}))(?:v(?P<version>[1-9]\d?))?(?![a-z0-9])",
    needles=("inkwell.example",),
    addresses=r"inkwell\.example/paper/(?P<id>\d{4}\.\d{4})(?:v(?P<version>[1-9]\d?))?(?![a-z0-9])",
    named=("10.55555/ink.{id}",),
    page="https://inkwell.example/paper/{id}", version_page="https://inkwell.example/paper/{id}v{version}",
    pdf="https://inkwell.example/pdf/{id}",
    categories=("pens", "stained-paper"), category_page="https://inkwell.example/subject/{}",
)  # fmt: skip

WING = Wing(
    "inkwell", "Read papers of Inkwell.",
    hooks=(
        SERVER,
        Network(
            "inkwell", "Inkwell", "2026-11-28", "metadata is free to use", "https://inkwell.example/terms",
            has_papers=True, has_counts=False,
        ),
        NetworkReader("inkwell", "inkwell.source:make_source", "inkwell.source:InkwellSettings"),
    ),
)  # fmt: skip
