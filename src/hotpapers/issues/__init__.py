"""Issues: built from the record by a publication's recipe, frozen, read back, explained and proved.

build        builds a content from a recipe: windows, ranking_input, selection, quotations, coverage, listing
freeze       writes contents, and checks them against a rebuild
repository   reads frozen issues back for display; papers in brief, and their attention by hour
explain      a score as arithmetic
queries      queries on the store; page_changes: whether a batch changes a page

The input is a view of the store up to a moment, the output an `IssueContent`. Nothing here may know how an issue is
shown or sent.
"""
