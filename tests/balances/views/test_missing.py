from balances.ingest import comparing
from balances.views import missing


def test_page_asks_when_ingest_has_counted_enough() -> None:
    assert missing.ASK_AFTER == comparing.ASK_AFTER
