"""Papers by field: the categories of a page's papers with their numbers, and which of them a reader asked for.

A paper counts in its primary category only, so that the numbers add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, urlencode

from hotpapers.base.model import EntrySummary, Paper
from hotpapers.base.papers.categories import categories_of, category_title, other_servers
from hotpapers.publish.view import phrases

_NAMES = """
cs.AI Artificial Intelligence; cs.AR Hardware Architecture; cs.CC Computational Complexity;
cs.CE Computational Engineering, Finance, and Science; cs.CG Computational Geometry; cs.CL Computation and Language;
cs.CR Cryptography and Security; cs.CV Computer Vision and Pattern Recognition; cs.CY Computers and Society;
cs.DB Databases; cs.DC Distributed, Parallel, and Cluster Computing; cs.DL Digital Libraries;
cs.DM Discrete Mathematics; cs.DS Data Structures and Algorithms; cs.ET Emerging Technologies;
cs.FL Formal Languages and Automata Theory; cs.GL General Literature; cs.GR Graphics;
cs.GT Computer Science and Game Theory; cs.HC Human-Computer Interaction; cs.IR Information Retrieval;
cs.IT Information Theory; cs.LG Machine Learning; cs.LO Logic in Computer Science; cs.MA Multiagent Systems;
cs.MM Multimedia; cs.MS Mathematical Software; cs.NA Numerical Analysis; cs.NE Neural and Evolutionary Computing;
cs.NI Networking and Internet Architecture; cs.OH Other Computer Science; cs.OS Operating Systems; cs.PF Performance;
cs.PL Programming Languages; cs.RO Robotics; cs.SC Symbolic Computation; cs.SD Sound; cs.SE Software Engineering;
cs.SI Social and Information Networks; cs.SY Systems and Control;
astro-ph Astrophysics; astro-ph.CO Cosmology and Nongalactic Astrophysics;
astro-ph.EP Earth and Planetary Astrophysics; astro-ph.GA Astrophysics of Galaxies;
astro-ph.HE High Energy Astrophysical Phenomena; astro-ph.IM Instrumentation and Methods for Astrophysics;
astro-ph.SR Solar and Stellar Astrophysics;
cond-mat Condensed Matter; cond-mat.dis-nn Disordered Systems and Neural Networks;
cond-mat.mes-hall Mesoscale and Nanoscale Physics; cond-mat.mtrl-sci Materials Science;
cond-mat.other Other Condensed Matter; cond-mat.quant-gas Quantum Gases; cond-mat.soft Soft Condensed Matter;
cond-mat.stat-mech Statistical Mechanics; cond-mat.str-el Strongly Correlated Electrons;
cond-mat.supr-con Superconductivity;
econ.EM Econometrics; econ.GN General Economics; econ.TH Theoretical Economics;
eess.AS Audio and Speech Processing; eess.IV Image and Video Processing; eess.SP Signal Processing;
eess.SY Systems and Control;
gr-qc General Relativity and Quantum Cosmology; hep-ex High Energy Physics, Experiment;
hep-lat High Energy Physics, Lattice; hep-ph High Energy Physics, Phenomenology; hep-th High Energy Physics, Theory;
math.AC Commutative Algebra; math.AG Algebraic Geometry; math.AP Analysis of PDEs; math.AT Algebraic Topology;
math.CA Classical Analysis and ODEs; math.CO Combinatorics; math.CT Category Theory; math.CV Complex Variables;
math.DG Differential Geometry; math.DS Dynamical Systems; math.FA Functional Analysis; math.GM General Mathematics;
math.GN General Topology; math.GR Group Theory; math.GT Geometric Topology; math.HO History and Overview;
math.IT Information Theory; math.KT K-Theory and Homology; math.LO Logic; math.MG Metric Geometry;
math.MP Mathematical Physics; math.NA Numerical Analysis; math.NT Number Theory; math.OA Operator Algebras;
math.OC Optimization and Control; math.PR Probability; math.QA Quantum Algebra; math.RA Rings and Algebras;
math.RT Representation Theory; math.SG Symplectic Geometry; math.SP Spectral Theory; math.ST Statistics Theory;
math-ph Mathematical Physics;
nlin.AO Adaptation and Self-Organizing Systems; nlin.CD Chaotic Dynamics;
nlin.CG Cellular Automata and Lattice Gases; nlin.PS Pattern Formation and Solitons;
nlin.SI Exactly Solvable and Integrable Systems; nucl-ex Nuclear Experiment; nucl-th Nuclear Theory;
physics.acc-ph Accelerator Physics; physics.ao-ph Atmospheric and Oceanic Physics; physics.app-ph Applied Physics;
physics.atm-clus Atomic and Molecular Clusters; physics.atom-ph Atomic Physics; physics.bio-ph Biological Physics;
physics.chem-ph Chemical Physics; physics.class-ph Classical Physics; physics.comp-ph Computational Physics;
physics.data-an Data Analysis, Statistics and Probability; physics.ed-ph Physics Education;
physics.flu-dyn Fluid Dynamics; physics.gen-ph General Physics; physics.geo-ph Geophysics;
physics.hist-ph History and Philosophy of Physics; physics.ins-det Instrumentation and Detectors;
physics.med-ph Medical Physics; physics.optics Optics; physics.plasm-ph Plasma Physics;
physics.pop-ph Popular Physics; physics.soc-ph Physics and Society; physics.space-ph Space Physics;
q-bio.BM Biomolecules; q-bio.CB Cell Behavior; q-bio.GN Genomics; q-bio.MN Molecular Networks;
q-bio.NC Neurons and Cognition; q-bio.OT Other Quantitative Biology; q-bio.PE Populations and Evolution;
q-bio.QM Quantitative Methods; q-bio.SC Subcellular Processes; q-bio.TO Tissues and Organs;
q-fin.CP Computational Finance; q-fin.EC Economics; q-fin.GN General Finance; q-fin.MF Mathematical Finance;
q-fin.PM Portfolio Management; q-fin.PR Pricing of Securities; q-fin.RM Risk Management;
q-fin.ST Statistical Finance; q-fin.TR Trading and Market Microstructure; quant-ph Quantum Physics;
stat.AP Statistics, Applications; stat.CO Statistics, Computation; stat.ME Statistics, Methodology;
stat.ML Statistics, Machine Learning; stat.OT Other Statistics; stat.TH Statistics Theory
"""

FIELD_NAMES: dict[str, str] = {
    category: name
    for category, _, name in (line.strip().partition(" ") for line in _NAMES.replace("\n", " ").split(";"))
}
"""Category → name."""


def field_name(category: str) -> str:
    """`cs.LG` → `Machine Learning`; empty for an unknown category."""
    return FIELD_NAMES.get(category, "")


SHOWN = 5
"""Categories shown at once; the others unfold."""
OTHER = "other"
"""The field of papers without a category."""
ORDERS = ("category", "voices")
"""The orders of lists that have a choice, the default first."""


class PageChoice(NamedTuple):
    """A page's filter and sort order. `category`: only papers of this primary category; `order`: one of `ORDERS`."""

    category: str = ""
    order: str = ""

    def has(self, category: str) -> bool:
        """Whether papers of a primary category are among those that the reader chose."""
        return self.category in ("", category)

    @property
    def query(self) -> str:
        """The query of the page's address: `?in=cs.CL`, or `?` for everything in the page's own order."""
        return "?" + urlencode([(name, value) for name, value in (("in", self.category), ("by", self.order)) if value])


EVERYTHING = PageChoice()


class FieldCount(NamedTuple):
    """A category, and its number of papers."""

    category: str
    papers: int

    @property
    def anchor(self) -> str:
        """The id of its part of a page that has one for each category."""
        return anchor_of(self.category)


class Fields(NamedTuple):
    """The categories of a page's papers, those with most papers first. `total`: papers in all. `choice`: the reader's
    filter and order; `is_live`: whether a program answers addresses with a choice, so that links work without a
    script."""

    counts: tuple[FieldCount, ...]
    total: int
    choice: PageChoice
    is_live: bool

    @property
    def shown(self) -> tuple[FieldCount, ...]:
        """Those shown at once."""
        if len(self.counts) == SHOWN + 1:
            return self.counts
        return self.counts[:SHOWN]

    @property
    def folded(self) -> tuple[FieldCount, ...]:
        return self.counts[len(self.shown) :]

    @property
    def chosen(self) -> int:
        """The number of papers in the chosen category."""
        return dict(self.counts).get(self.choice.category, 0)

    @property
    def chosen_name(self) -> str:
        """The chosen category and its name: `cs.CL, Computation and Language`."""
        name = field_name(self.choice.category)
        return ", ".join(filter(None, (category_title(self.choice.category), name)))

    def query(self, category: str) -> str:
        """The query of the address with another category, in the same order."""
        return self.choice._replace(category=category).query

    def query_by(self, order: str) -> str:
        """The query of the address with the same category, in another order."""
        return self.choice._replace(order="" if order == ORDERS[0] else order).query


def field_of(paper: Paper | EntrySummary) -> str:
    """A paper's primary category."""
    return phrases.one_line(paper.categories[0]) if paper.categories else OTHER


def _exists(category: str) -> bool:
    own = category.partition(".")[2]
    servers = other_servers([category])  # those without categories have a field that is called like them
    return bool(field_name(category)) or any(own in (categories_of(server) or ("",)) for server in servers)


def choose_fields(categories: Iterable[str], choice: PageChoice, *, is_live: bool) -> Fields | None:
    """The fields of papers, by their primary categories. None if the choice is a category that does not exist."""
    counts = Counter(categories)
    if choice.category and not (choice.category in counts or _exists(choice.category)):
        return None
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    field_counts = (FieldCount(*item) for item in ordered)
    return Fields(tuple(field_counts), counts.total(), choice, is_live)


def anchor_of(category: str) -> str:
    """`in-cs.CL`: ASCII, and without spaces."""
    return f"in-{quote(category, safe='')}"


def choice_of(category: str | None, order: str | None) -> PageChoice:
    """The choice in an address. Unknown orders are ignored."""
    return PageChoice((category or "")[:60].strip(), order if order in ORDERS[1:] else "")
