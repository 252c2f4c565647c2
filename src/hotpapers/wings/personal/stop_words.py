"""Words that name no topic: no group of words begins or ends with one."""

from __future__ import annotations

_STOP = """
a about above across after again against all almost along already also although always among an and another any are
around as at be became because become becomes been before being below besides better between beyond both but by can
cannot could despite did do does doing done down due during each either else especially et even ever every few first
for four from further furthermore get gets give given gives go has have having hence her here highly his how however i
ie eg if in including indeed instead into is it its itself just largely last least less let like likely made mainly
make makes making many may me might more moreover most mostly much must my namely near nearly need needs never
nevertheless new next no non none nor not now of off often on once one only onto or other others otherwise our
ourselves out over own per perhaps previous previously quite rather really recent recently respectively same second
see seem seems several shall she should since so some still such take takes than that the their them themselves then
there thereby therefore these they third this those though three through throughout thus to together too toward
towards two typically under unlike until up upon us use used useful uses using usually various very via was way ways
we well were what when where whereas whether which while who whole whom whose why will with within without would yet
you your
"""
STOP_WORDS = frozenset(_STOP.split())
