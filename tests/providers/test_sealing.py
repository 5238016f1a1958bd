"""Claims about sealed values: what opens, where, and under which key."""

import base64

import pytest

from providers.sealing import KeyRing, Place, SealingError, key_of

HERE = Place(tenant=1, credential="c" * 32, field="api_key")
OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def ring(**keys: bytes) -> KeyRing:
    return KeyRing(keys)


def spelled(kid: str, key: bytes) -> str:
    return f"{kid}:{base64.b64encode(key).decode()}"


def test_a_value_comes_back_from_its_own_place() -> None:
    sealed = ring(a=OLD).seal("sk.live.pässword", place=HERE)

    assert ring(a=OLD).open(sealed, place=HERE) == "sk.live.pässword"


def test_a_sealed_value_says_its_version_and_key_and_nothing_else() -> None:
    sealed = ring(a=OLD).seal("sk.live.1234", place=HERE)

    assert sealed.startswith("v1.a.")
    assert sealed.count(".") == 3
    assert "sk.live" not in sealed
    assert key_of(sealed) == "a"


def test_the_same_value_never_seals_to_the_same_text() -> None:
    assert len({ring(a=OLD).seal("same", place=HERE) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(Place(tenant=2, credential="c" * 32, field="api_key"), id="tenant"),
        pytest.param(Place(tenant=1, credential="d" * 32, field="api_key"), id="credential"),
        pytest.param(Place(tenant=1, credential="c" * 32, field="api_secret"), id="field"),
    ],
)
def test_a_value_copied_to_another_row_does_not_open(elsewhere: Place) -> None:
    sealed = ring(a=OLD).seal("sk.live.1234", place=HERE)

    with pytest.raises(SealingError, match="another place"):
        ring(a=OLD).open(sealed, place=elsewhere)


def test_a_value_moved_under_another_key_name_does_not_open() -> None:
    sealed = ring(a=OLD).seal("sk.live.1234", place=HERE)

    with pytest.raises(SealingError, match="another place"):
        KeyRing({"a": NEW, "b": OLD}).open(sealed.replace("v1.a.", "v1.b."), place=HERE)


def test_the_first_key_seals_and_all_keys_open() -> None:
    old = ring(old=OLD).seal("sk.live.1234", place=HERE)
    rotated = KeyRing({"new": NEW, "old": OLD})

    fresh = rotated.seal("sk.live.1234", place=HERE)

    assert key_of(fresh) == "new"
    assert rotated.open(old, place=HERE) == rotated.open(fresh, place=HERE) == "sk.live.1234"
    assert key_of(old) == "old"


def test_a_value_whose_key_is_gone_is_named_by_its_key() -> None:
    sealed = ring(lost=OLD).seal("sk.live.1234", place=HERE)

    with pytest.raises(SealingError, match="lost"):
        ring(a=OLD).open(sealed, place=HERE)


@pytest.mark.parametrize("position", [-1, -12, 8])
def test_a_changed_value_does_not_open(position: int) -> None:
    sealed = list(ring(a=OLD).seal("sk.live.1234", place=HERE))
    sealed[position] = "A" if sealed[position] != "A" else "B"

    with pytest.raises(SealingError):
        ring(a=OLD).open("".join(sealed), place=HERE)


def test_a_value_its_key_does_not_open_is_named_by_its_key() -> None:
    sealed = ring(a=OLD).seal("sk.live.1234", place=HERE)

    with pytest.raises(SealingError) as refused:
        ring(a=NEW).open(sealed, place=HERE)

    assert refused.value.code == "secret_unreadable"
    assert "'a'" in refused.value.explained
    assert sealed.rpartition(".")[2] not in refused.value.explained


@pytest.mark.parametrize(
    "text",
    ["", "sk.live.1234", "v2.a.b.c", "v1.a.b", "v1.a.????.x", "v1.a.AAAA.BBBB", "v1.s k.AA.AA"],
)
def test_what_is_not_a_sealed_value_is_refused(text: str) -> None:
    with pytest.raises(SealingError) as refused:
        ring(a=OLD).open(text, place=HERE)

    assert "s k" not in str(refused.value)


def test_a_ring_is_read_in_order() -> None:
    assert KeyRing.parse(f" {spelled('b', NEW)}, {spelled('a', OLD)},").kid == "b"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a:AAAA", id="short key"),
        pytest.param("a:not base64!", id="not base64"),
        pytest.param(spelled("a.b", OLD), id="dot in the name"),
        pytest.param(f"{spelled('a', OLD)},{spelled('a', NEW)}", id="twice"),
    ],
)
def test_a_bad_ring_is_refused_without_showing_a_key(text: str) -> None:
    with pytest.raises(SealingError) as refused:
        KeyRing.parse(text)

    assert base64.b64encode(OLD).decode() not in str(refused.value)


def test_neither_ring_nor_place_shows_a_key() -> None:
    assert repr(KeyRing({"b": NEW, "a": OLD})) == "KeyRing(b, a)"


def test_a_place_without_names_is_refused() -> None:
    with pytest.raises(SealingError):
        ring(a=OLD).seal("x", place=Place(tenant=1, credential="", field="api_key"))
