"""The log: the order in which records became part of history, and proofs of it that an outsider can check.

*Record*: the digest of something that happened (a file received, a run's manifest, an approval), written in the
transaction of the act; a submitter's records are numbered from 1 without gaps. *Sealing* gives every committed record
and journal entry its *position*: dense numbers from 1, in the order of sealing and not of writing, so that a
transaction that commits late is sealed later and nothing is lost. A *cut-off* is a position: "the facts up to N" means
the same for ever.

The sealed positions are the leaves of a Merkle tree (RFC 9162): position N is the leaf of index N - 1. A *leaf* holds a
salted commitment to its *content*, so that it tells nothing to whom the content was not shown. A *head* is the root of
the tree at a size that sealing reached, with its *frontier*: the roots of its largest complete subtrees, from which it
grows. A *checkpoint* is a head signed by the log's key (C2SP signed note); a *cosignature* is a witness's word that it
saw no other history. A *receipt* proves to whom it is given that a leaf is in the tree of a checkpoint.
"""
