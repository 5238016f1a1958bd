"""What a person reads of a failure: every code that can be stored has its own words."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import balances
import providers
from providers.errors import ProviderError
from providers.words import ERRORS, UNKNOWN, error_words


def _kinds(base: type[BaseException] = Exception) -> Iterator[type[BaseException]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)


def stored_codes() -> set[str]:
    """Gather the codes of all our exceptions, and the one that stands for any other."""
    for app in (providers, balances):
        for module in pkgutil.walk_packages(app.__path__, f"{app.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    ours = {kind for kind in _kinds() if kind.__module__.startswith(("providers.", "balances."))}
    codes = {getattr(kind, "code", None) for kind in ours - {ProviderError}}
    return {code for code in codes if isinstance(code, str)} | {"internal_error"}


def test_every_code_that_can_be_stored_has_its_own_words() -> None:
    assert stored_codes() == set(ERRORS)


def test_codes_of_runs_and_secrets_are_among_them() -> None:
    assert {"stalled", "lease_lost", "secret_unreadable"} <= stored_codes()


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_words_are_whole_sentences_after_a_name(code: str) -> None:
    words = error_words(code)

    assert str(words.short)[0].islower()
    assert str(words.remedy).endswith(".")
    assert words.brief


def test_unreadable_secret_sends_the_operator_to_the_key_ring() -> None:
    words = error_words("secret_unreadable")

    assert "SEALING_KEYS" in str(words.remedy)
    assert "by itself" not in str(words.remedy)


def test_code_of_a_later_release_is_told_plainly() -> None:
    assert error_words("of_a_later_release") is UNKNOWN
