"""Evaluation: how well rankings and forecasts do, measured.

formulas            published ranking formulas, to compare ours with
statistics          ranks, agreement of two orders, resampling: plain Python
outcomes            what came later: does a ranking put first what is cited, accepted, talked about afterwards
curves, forecast    forecasts of held-out weeks beside what came
worlds, attacks     made-up talk, and how many accounts it takes to buy a place in it, or in an issue of a record
queries             what attacks on issues ask of a store

In come observations of past days, a seed, or a record, which is only read; each ranking itself orders them, as in an
issue. Out come figures. It must not know of a network or a page of the site; the site shows the figures that were kept.
"""
