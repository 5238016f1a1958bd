import pytest

from dashboard import environment


def test_words_between_commas_lose_their_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_HOSTS", " stub.example:8443, http://127.0.0.1:9101 ,")

    assert environment.texts("PROVIDER_HOSTS") == ["stub.example:8443", "http://127.0.0.1:9101"]


@pytest.mark.parametrize("value", [None, "", " , "])
def test_no_words_are_the_default(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    if value is not None:
        monkeypatch.setenv("ALLOWED_HOSTS", value)

    assert environment.texts("ALLOWED_HOSTS", default=["localhost"]) == ["localhost"]
