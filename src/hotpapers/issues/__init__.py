"""Issues: built from the record by a publication's recipe, frozen, read back, explained and proved.

Takes a view of the store up to a moment; gives an `IssueContent`. It must not know how an issue is shown or sent.
"""
