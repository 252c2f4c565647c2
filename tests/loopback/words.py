"""Made-up titles, abstracts, messages and names. They quote nobody and refer to nobody."""

from __future__ import annotations

from random import Random

MANNERS = (
    "Sparse", "Patient", "Layered", "Frugal", "Nested", "Quiet", "Adaptive", "Braided", "Coarse", "Delayed", "Elastic",
    "Folded", "Gentle", "Hybrid", "Implicit", "Jittered", "Local", "Modular", "Noisy", "Oblique", "Periodic",
    "Rotating", "Shallow", "Tangled", "Uneven", "Weighted",
)  # fmt: skip
THINGS = {
    "cs": ("Caches", "Transformers", "Parsers", "Schedulers", "Embeddings", "Planners", "Compilers", "Retrievers"),
    "math": ("Lattices", "Sheaves", "Operators", "Foliations", "Braids", "Kernels", "Curves", "Semigroups"),
    "astro-ph": ("Dwarf Galaxies", "Debris Discs", "Quasars", "Star Clusters", "Cold Streams", "Halos"),
    "cond-mat": ("Spin Chains", "Moiré Layers", "Glasses", "Polymers", "Vortices", "Magnons"),
    "stat": ("Estimators", "Priors", "Panels", "Bootstraps", "Mixtures", "Residuals"),
    "q-bio": ("Enzymes", "Lineages", "Neurons", "Biofilms", "Reefs", "Spores"),
    "": ("Detectors", "Couplings", "Spectra", "Plasmas", "Waves", "Markets", "Beams", "Currents"),
}  # fmt: skip
TASKS = (
    "Counting Paths", "Slow Rivers", "Rare Events", "Uneven Ground", "Missing Labels", "Long Memories", "Cold Starts",
    "Strong Fields", "Weak Signals", "Short Proofs", "Crowded Rooms", "Open Boundaries", "Broken Symmetry",
    "Small Samples", "Shifting Sands", "Late Arrivals", "Many Neighbours", "Thin Films", "Deep Wells", "Warm Clouds",
)  # fmt: skip
LINKS = ("for", "under", "beyond", "with", "against", "without", "near", "in Place of")
TURNS = (
    "a Second Look", "a Bound from Below", "Measured Twice", "an Atlas", "Theory and Practice", "a Field Guide",
    "Limits and Remedies", "First Light", "One Proof, Two Readings", "What Remains",
)  # fmt: skip
GIVEN = (
    "Ada", "Bruno", "Chiara", "Dmitri", "Esra", "Farid", "Grit", "Hana", "Ilse", "Jonas", "Kaveh", "Lin", "Mirela",
    "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Søren", "Tariq", "Ute", "Vera", "Wen", "Yara", "Zoë",
)  # fmt: skip
FAMILY = (
    "Amberfield", "Birkenhain", "Coldbrook", "Dornacker", "Eschenmoor", "Fernhollow", "Greystone", "Haselwand",
    "Ironbridge", "Juniper", "Kestrelby", "Lindenau", "Mosswick", "Nettlebed", "Oakenshaw", "Pebbleton", "Quillfeather",
    "Rushmere", "Saltmarsh", "Thornbury", "Underhill", "Violett", "Windermoor", "Yarrowgate",
)  # fmt: skip
BEASTS = (
    "otter", "heron", "lynx", "newt", "plover", "marmot", "finch", "badger", "toad", "wren", "vole", "stoat", "tern",
    "hare", "moth", "carp",
)  # fmt: skip
COLOURS = (
    "amber", "teal", "russet", "slate", "olive", "coral", "indigo", "ochre", "umber", "pearl", "copper", "moss",
    "plum", "sand", "azure", "ivory",
)  # fmt: skip
PRAISE = (
    "Reading this over coffee ☕", "A neat idea, and the plots are honest.", "We put our preprint online!",
    "This settles a question that I had for years.", "Section 4 is where it gets interesting.",
    "Not convinced by the baseline, but worth your time.", "Für alle, die gern rechnen: sehr lesenswert.",
    "Une démonstration étonnamment courte.", "Slides for the reading group are ready 📎",
    "Somebody should try this on real data.", "The appendix alone is worth it.", "Strong claim, careful evidence.",
    "论文不长，图很清楚。", "How did nobody notice this before?", "Code is out too, it seems.",
    "Small thread about what I like here 🧵",
)  # fmt: skip
SMALL_TALK = (
    "The tram is late again.", "Bread is rising, so am I.", "Look at this sky 🌇", "Who else is awake?",
    "Buy two lamps, get a third one free!", "My tomatoes have opinions.", "Win a voucher, click now!!!",
    "Rained all day; the dog approves.", "Neue Saiten auf der alten Gitarre.", "That was a good match.",
)  # fmt: skip
ANSWERS = ("Thanks for the pointer.", "I disagree, see the second table.", "Same group as last year?", "Nice!")


def title(rng: Random, archive: str) -> str:
    """A title of at least five words."""
    things = THINGS.get(archive, THINGS[""])
    text = f"{rng.choice(MANNERS)} {rng.choice(things)} {rng.choice(LINKS)} {rng.choice(TASKS)}"
    return f"{text}: {rng.choice(TURNS)}"


def abstract(rng: Random, title: str) -> str:
    """Two sentences about a paper with a title."""
    gain, cases = rng.randrange(2, 60), rng.randrange(3, 900)
    return f"We study {title.partition(':')[0].lower()}. On {cases} made-up cases the error falls by {gain} percent."


def author(rng: Random) -> str:
    """A made-up name."""
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"


def handle(n: int) -> str:
    """The n-th made-up handle; all differ."""
    colour, remainder = n % len(COLOURS), n // len(COLOURS)
    beast, number = remainder % len(BEASTS), remainder // len(BEASTS)
    return f"{COLOURS[colour]}{BEASTS[beast]}{number or ''}"


def language(text: str) -> str:
    """The language of one of the messages above."""
    marks = {"Für": "de", "Neue": "de", "Une": "fr", "论文": "zh"}
    return next((lang for mark, lang in marks.items() if text.startswith(mark)), "en")
