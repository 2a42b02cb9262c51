"""The books: accounts, entries and one-row transfers, and the one door through which they are posted.

*Account*: a state of value under its full key, such as `B.Held[QY24,V1,O1]`: type, then fund (or collector), then the
keys its type asks for. It has a normal side; its balance is shown, and floored at zero, on that side.
*Book*: one kind of account (B promise and authority, M public money, F other people's money, K claims in money, Q
claims in quantity, L limits) of one fund or collector in one asset. *Transfer*: one row that debits one
account and credits another of the same book with a positive integer amount, so every book balances by construction.
*Entry*: the transfers of one act, all or nothing, under an idempotency key for ever. *Template*: the kind of act;
it lists the only flows (debit type → credit type) that the act may post.
"""
