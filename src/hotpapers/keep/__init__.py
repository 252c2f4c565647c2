"""Keep: what is done with a record besides making issues of it.

search    papers and posts by words, in both databases
privacy   forget posts and people, delete what is no longer needed
transfer  export, import, back up
hooks     what wings add
"""
