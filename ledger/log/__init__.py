"""The log: the order in which records became part of history.

*Record*: the digest of something that happened (a file received, a run's manifest, an approval), written in the
transaction of the act. *Sealing* gives every committed record that has none its *position*: dense numbers from
1, in the order of sealing and not of writing, so that a transaction that commits late is sealed later and nothing
is lost. A *cut-off* is a position: "the facts up to N" means the same for ever.
"""
