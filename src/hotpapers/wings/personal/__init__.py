"""A reader's own order: papers by their closeness to those that a reader starred. Nothing about a reader is sent
anywhere.

vectors    what a paper is about: at most 40 words, each with a weight of 6 bits
packing    the vectors of a day as a script, which pages load
stars      what a reader starred and follows, from a file
library_files  the entries of a reference manager's file, which `library_entries.js` reads in browsers
own_order  the order of papers for a reader, with reasons, by what tells starred papers from others
for_me     a day's papers and a reader's choices, for that order
settings   the tables `[[reader]]`
readers    the channel `reader`: a feed or a mail for one person
neighbors  those of a publication, for its pages       topic_groups  papers of an issue on the same topic
blocks     vectors of many papers, by word           stop_words  words that name no topic
kept       what is made of frozen issues, while the program runs and in files
embeddings related papers in the order of the operator's own embeddings server
preparing  the vectors of an app's days, made when it starts
site_part  the files of a site that its scripts read: `vectors.js` and `for_me.js` run on its pages
tools      the same for language models; the papers of the record that are nearest to a paper
site_tools the same about a published site, from its files
commands   the command `for-me`
wing       registers the wing's hooks
"""
