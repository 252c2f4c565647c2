// What files of a site that are loaded when they are needed call: each hands over its content.
interface Window {
  dayAbstracts(texts: Record<string, any>): void;
  dayPapers(file: any): void;
  daySentences(file: any): void;
  paperTerms(table: string): void;
  paperVectorsOf(file: any): void;
  searchFile(name: string, value: any): void;
}

// In the site, before dois.js and library_exports.js.
declare const doiGrammar: any;
declare const libraryGrammar: any;
