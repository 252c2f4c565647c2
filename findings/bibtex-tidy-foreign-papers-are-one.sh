# bibtex-tidy 1.14.0 (npm), tidy() with duplicates by author and title, merge and escape: false, for biber and XeTeX.
# Guess: Papers with other authors and other titles are no duplicates, whatever their language.
# Seen:  Only ASCII letters and digits of titles and authors are compared: those in Chinese, Korean or Greek are empty,
#        so equal, and one paper is left, with the DOI of another. Of one author, n < 3 and n > 3 are one title. With
#        escape, the default, Greek is escaped first and stays; Chinese is merged all the same.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund bibtex-tidy@1.14.0
cat > run.cjs <<'SCRIPT'
const { tidy } = require("bibtex-tidy");

const papers = `@article{wang, author={王, 小明}, title={茶壶的研究}, year=2021}
@article{kim, author={김, 민준}, title={주전자 연구}, year=2022, doi={10.1234/kim}}
@article{pappa, author={Παππά, Άννα}, title={Τσαγιέρες}, year=2023}
@article{li, author={李, 小红}, title={河流的观察}, year=2024}
@article{less, author={Berg, Ann}, title={Tea in brooks with n < 3}, year=2023}
@article{more, author={Berg, Ann}, title={Tea in brooks with n > 3}, year=2024}
`;
for (const escape of [false, true]) {
  const { bibtex } = tidy(papers, { duplicates: ["citation"], merge: "combine", escape });
  console.log("escape:", escape, "|", bibtex.match(/@article.\w+|10\.\w+.\w+/g).join(" "));
}
SCRIPT
seen=$(node run.cjs)
expected=$(cat <<'TEXT'
escape: false | @article{wang 10.1234/kim @article{less
escape: true | @article{wang 10.1234/kim @article{pappa @article{less
TEXT
)
printf '%s\n' "$seen"
test "$seen" = "$expected" || { printf 'expected:\n%s\n' "$expected"; exit 1; }
