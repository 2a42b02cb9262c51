import hashlib, rfc8785, json
import pytest
from django.db import connection
from bookkeeping import begun, post, violated
from ledger.log import services as log
pytestmark = pytest.mark.django_db

def root(hs):
    if not hs: return hashlib.sha256(b"").digest()
    if len(hs)==1: return hs[0]
    k=1
    while k*2<len(hs): k*=2
    return hashlib.sha256(b"\x01"+root(hs[:k])+root(hs[k:])).digest()

def test_seal():
    for n in range(300):
        log.record(kind="test.x", subject=f"s{n} \"q\\ 中\n\x1f", digest=bytes(32), submitter="north" if n%2 else "")
        if n%7==0: log.seal_once(3)
    post(begun("i").entries)
    log.seal()
    with connection.cursor() as c:
        c.execute("select leaf_hash from ledger_log_leaf order by position")
        hs=[bytes(r[0]) for r in c.fetchall()]
        c.execute("select size, root, frontier from ledger_log_head order by size")
        for size, r, f in c.fetchall():
            assert root(hs[:size])==bytes(r), size
            assert len(f)==bin(size).count("1")
        c.execute("select level,index,node_hash from ledger_log_node")
        for l,i,h in c.fetchall():
            assert root(hs[i<<l:(i+1)<<l])==bytes(h)
        c.execute("select content from ledger_record_content union all select content from ledger_entry_contents_v1((select array_agg(id) from ledger_entry))")
        for (t,) in c.fetchall():
            assert rfc8785.dumps(json.loads(t)).decode()==t
        print(t)
    assert violated()==set()
