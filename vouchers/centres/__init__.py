"""Computing centres: what they run, what they charge, and who else can see what ran.

*Device class*: a kind of accelerator or processor core whose time is counted (`A100`, `CPU`); its asset is the
time of one device in milliseconds. *Cluster*: one scheduler of a centre, with the time zone of its days and of the
times it exports. *Cluster account*: the name under which a beneficiary's jobs appear there. *Price list*: what an hour
of each class costs, dated. *Evidence source*: somebody who observes use, with the *trust domain* they speak from.
"""
