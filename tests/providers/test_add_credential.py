"""Claims about the operator's command: secrets by standard input, one test, the id on a line."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from providers.models import Credential
from providers.services.secrets import open_secrets, settings_of
from providers.tenancy.models import Tenant
from tests.providers.entries import NAMES, call_company


@pytest.fixture
def add(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the function that runs the command; it returns both streams."""

    def run(*args: str, stdin: str = "") -> tuple[str, str]:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        given = ["--tenant", "acme", "--name", "Main", "--secrets-stdin", *args]
        call_command("add_credential", *given, stdout=out, stderr=err)
        return out.getvalue(), err.getvalue()

    return run


def lines(secrets: dict[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in secrets.items())


def test_it_tests_saves_and_prints_the_id(acme: Tenant, add: Any, simulator: Any) -> None:
    secrets = simulator.secrets["payman"]

    out, err = add(
        "--provider=payman",
        "--set",
        f"base_url={simulator.base_url('payman')}",
        "currencies=usd, EUR",
        "--set",
        "interval=120",
        stdin=lines(secrets),
    )

    saved = Credential.objects.for_tenant(acme).get()
    assert (out, err) == (f"{saved.public_id}\n", "")
    assert settings_of(saved)["currencies"] == ["USD", "EUR"]
    assert saved.interval == 120
    assert saved.identity_ref
    assert open_secrets(saved)["api_secret"].reveal() == secrets["api_secret"]


@pytest.mark.parametrize("slot", ["payiano", "payman"])
@pytest.mark.parametrize(("told", "kept"), NAMES)
def test_it_saves_whatever_the_company_is_called(
    acme: Tenant, add: Any, simulator: Any, slot: str, told: str, kept: str
) -> None:
    call_company(simulator, slot, told)
    settings = {"base_url": simulator.base_url(slot), "currencies": "USD"}
    wanted = settings if slot == "payman" else {"base_url": settings["base_url"]}

    add(
        f"--provider={slot}",
        "--set",
        *(f"{name}={value}" for name, value in wanted.items()),
        stdin=lines(simulator.secrets[slot]),
    )

    assert Credential.objects.for_tenant(acme).get().identity_name == kept


def test_a_failed_test_saves_nothing_and_names_the_part(
    acme: Tenant, add: Any, simulator: Any
) -> None:
    base_url = f"base_url={simulator.base_url('payiano')}"

    with pytest.raises(CommandError, match="permission") as refused:
        add(
            "--provider=payiano",
            "--set",
            base_url,
            stdin=lines(simulator.secrets["payiano_denied"]),
        )

    assert simulator.secrets["payiano_denied"]["access_token"] not in str(refused.value)
    assert not Credential.objects.for_tenant(acme).exists()


def test_no_test_sends_no_request(acme: Tenant, add: Any, simulator: Any) -> None:
    add(
        "--provider=payiano",
        "--no-test",
        "--set",
        f"base_url={simulator.base_url('payiano')}",
        stdin="access_token=never-tried-token\n",
    )

    assert Credential.objects.for_tenant(acme).exists()
    assert simulator.log == []


def test_an_address_of_another_environment_is_warned_about(acme: Tenant, add: Any) -> None:
    out, err = add(
        "--provider=payiano",
        "--no-test",
        "--set",
        "base_url=https://api.payiano.dev/v1",
        stdin="access_token=abcdefghijklmnop\n",
    )

    assert out
    assert "https://api.payiano.com/v1" in err


def test_a_key_of_another_environment_is_warned_about(
    acme: Tenant, add: Any, simulator: Any
) -> None:
    base_url = f"base_url={simulator.base_url('swipelux')}"
    secrets = simulator.secrets["swipelux_sandbox"]

    out, err = add("--provider=swipelux", "--no-test", "--set", base_url, stdin=lines(secrets))

    assert "sandbox" in err
    assert secrets["api_key"] not in out + err
    assert Credential.objects.for_tenant(acme).get().environment == "LIVE"


@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        pytest.param(
            ("--set", "colour=blue"), "access_token=a-token", "colour", id="unknown setting"
        ),
        pytest.param(("--set", "interval"), "access_token=a-token", "key=value", id="no value"),
        pytest.param((), "", "access_token", id="no secret"),
        pytest.param((), "api_key=canary-key", "api_key", id="another provider's secret"),
        pytest.param((), "canary-without-a-name", "line 1", id="nameless line"),
        pytest.param(
            ("--set", "base_url=https://evil.example"), "access_token=a-token", "Host", id="host"
        ),
    ],
)
def test_what_is_wrong_is_named_without_the_secret(
    acme: Tenant, add: Any, args: tuple[str, ...], stdin: str, words: str
) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        add("--provider=payiano", "--no-test", *args, stdin=stdin)

    assert "canary" not in str(refused.value)
    assert not Credential.objects.for_tenant(acme).exists()


def test_an_unknown_tenant_is_named(add: Any) -> None:
    with pytest.raises(CommandError, match="nobody"):
        add("--provider=payiano", "--tenant", "nobody")


def test_a_lost_key_stops_rewrapping_by_name(
    acme: Tenant, add: Any, settings: Any, simulator: Any
) -> None:
    base_url = f"base_url={simulator.base_url('payiano')}"
    add(
        "--provider=payiano", "--no-test", "--set", base_url, stdin="access_token=never-tried-token"
    )
    settings.SEALING_KEYS = f"next:{'B' * 43}="

    with pytest.raises(CommandError, match="test"):
        call_command("rewrap_secrets")
