"""Issues: built from the record by a publication's recipe, frozen, read back, explained and proved.

ranking      scores and their arithmetic; forecasts: voices in a week
build        builds a content and its digest from a recipe: windows, ranking_input, selection, wanted_papers,
             quotations, coverage, collectors; or from an imported listing
freeze       writes contents, corrects them, and checks them against a rebuild; judged_freezing: judges accounts first
repository   reads frozen issues back for display; announcement_counts: what an issue says about announcements
             reading_states: whether counts of nobody are known
explain      a score as arithmetic
hooks        what wings add
queries      queries on the store; page_changes: whether a batch changes a page

The input is a view of the store up to a moment, the output an `IssueContent`. Nothing here may know how an issue is
shown or sent.
"""
