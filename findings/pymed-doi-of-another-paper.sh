# pymed 0.8.9 (PyPI), PubMedArticle: ids and title of a record of PubMed that lists its references, as many do.
# Guess: pubmed_id is one id and doi one DOI, those of the paper.
# Seen:  Each ArticleId below the record counts, also those of the references: a paper without a DOI has the DOI of one
#        that it cites, and every other has several. Title and abstract end before the first markup: "Tea with 10".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pymed==0.8.9
cd "$folder"
seen=$("$folder/venv/bin/python" - <<'PYTHON'
from xml.etree import ElementTree

from pymed.article import PubMedArticle

RECORD = """<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">99999901</PMID><Article PubModel="Print">
<Journal><JournalIssue CitedMedium="Print"><PubDate><Year>2024</Year></PubDate></JournalIssue><Title>Tea</Title>
</Journal><ArticleTitle>Tea with 10<sup>3</sup> leaves in a brook</ArticleTitle><Abstract><AbstractText>Tea grown <i>in
vitro</i> is cold.</AbstractText></Abstract></Article></MedlineCitation><PubmedData><History><PubMedPubDate
PubStatus="pubmed"><Year>2024</Year><Month>3</Month><Day>5</Day></PubMedPubDate></History><ArticleIdList><ArticleId
IdType="pubmed">99999901</ArticleId>{doi}</ArticleIdList><ReferenceList><Reference><Citation>Overquill T. Leaves. 2001.
</Citation><ArticleIdList><ArticleId IdType="pubmed">99999902</ArticleId>
<ArticleId IdType="doi">10.1234/leaves</ArticleId></ArticleIdList></Reference></ReferenceList>
</PubmedData></PubmedArticle>"""
for doi in ('<ArticleId IdType="doi">10.1234/tea</ArticleId>', ""):
    paper = PubMedArticle(xml_element=ElementTree.fromstring(RECORD.format(doi=doi)))
    print(paper.pubmed_id.split(), paper.doi.split(), [paper.title, paper.abstract])
PYTHON
)
expected=$(cat <<'TEXT'
['99999901', '99999902'] ['10.1234/tea', '10.1234/leaves'] ['Tea with 10', 'Tea grown ']
['99999901', '99999902'] ['10.1234/leaves'] ['Tea with 10', 'Tea grown ']
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
