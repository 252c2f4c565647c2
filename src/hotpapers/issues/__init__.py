"""Issues: built from the record by a publication's recipe, frozen, read back, explained and proved.

build        a content from a recipe: windows, ranking_input, selection, quotations, coverage, listing
freeze       contents written, and compared with what is rebuilt
repository   frozen issues read back for whoever shows them; papers in brief, and their hours
explain      a score as arithmetic
queries      what is asked of the store; page_changes: whether a batch changes a page

Takes a view of the store up to a moment; gives an `IssueContent`. It must not know how an issue is shown or sent.
"""
