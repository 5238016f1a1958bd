"""Run a world behind the three faces, for a program in this process or over the control address."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote

from providers.simulator import control, edits
from providers.simulator.clock import Clock
from providers.simulator.faces import FACES
from providers.simulator.faces.scene import Scene
from providers.simulator.faults import Fault, FaultBook
from providers.simulator.journal import Journal
from providers.simulator.listener import Call, Listener, Outcome
from providers.simulator.log import Entry, RequestLog
from providers.simulator.naming import ulid
from providers.simulator.options import Options
from providers.simulator.spoil import KINDS, Case, Delivery
from providers.simulator.wire import Answer, Refused, Request
from providers.simulator.world import SECRET_NAMES, Company, Figures
from providers.simulator.worlds import make_world

STEP = timedelta(minutes=5)
_CLOCK_ACTIONS = ("advance", "hold", "follow")


class Simulator:
    """Serve one world over HTTP; use as a context manager, or call start and stop.

    Time: stands still at step 1,000 unless a clock is given; `advance` moves it.
    """

    def __init__(
        self,
        world: str = "small",
        *,
        seed: int = 7,
        port: int = 0,
        clock: Clock | None = None,
        state: Path | None = None,
    ) -> None:
        self.world = make_world(world, seed=seed)
        self.clock = clock or Clock(length=STEP, step=1000)
        self.options = Options()
        self.requests = RequestLog()
        self.faults = FaultBook()
        self._lock = RLock()
        self._port = port
        self._listener: Listener | None = None
        self._journal = Journal(state, world=world, seed=seed)
        for record in self._journal.load():
            self._carry_out(record)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen, and return when requests are answered."""
        self._listener = Listener(port=self._port, exchange=self._exchange)
        return self

    def stop(self) -> None:
        """End every connection and the thread."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    @property
    def url(self) -> str:
        """Tell the address of the whole server."""
        if self._listener is None:
            raise RuntimeError("the simulator is not running")
        return f"http://127.0.0.1:{self._listener.port}"

    def base_url(self, provider: str) -> str:
        """Tell the base URL to enter for the provider; a slot's name will do."""
        return self.url + FACES[provider.partition("_")[0]].prefix

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """Give each slot's latest key in the form a credential takes: {"payman": {"api_secret": …}, …}."""
        return {
            slot: {SECRET_NAMES[slot.partition("_")[0]]: key.secret}
            for slot, key in self.world.slots.items()
        }

    @property
    def settings(self) -> dict[str, dict[str, list[str]]]:
        """Give the lists that a Payman credential must be told, by slot."""
        return {
            slot: {"currencies": list(one.currencies), "customer_ids": list(one.watched)}
            for slot, one in self.world.companies.items()
            if one.provider == "payman"
        }

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """Give what people call the accounts whose provider sends no name, by slot and account reference."""
        return {
            slot: {ref: account.name for ref, account in one.accounts.items() if account.name}
            for slot, one in self.world.companies.items()
        }

    @property
    def log(self) -> list[Entry]:
        """List the requests to the providers' faces, oldest first."""
        with self._lock:
            return list(self.requests.entries)

    def company(self, provider: str, *, secret: str | None = None) -> Company:
        """Find a company by slot, or the one that the secret opens.

        Raises: ValueError when there is none.
        """
        key = self.world.keys.get(secret) if secret else self.world.slots.get(provider)
        if key is None:
            raise ValueError(f"no company for {provider!r}")
        return self.world.company_of(key)

    def truth(
        self, provider: str, secret: str | None = None
    ) -> dict[tuple[str, str], dict[str, Any]]:
        """Tell every balance there is now, by account reference and currency, without going over HTTP.

        Units: natural units as Decimal; None where the provider does not say.
        """
        with self._lock:
            found = self.world.truth(self.company(provider, secret=secret), step=self.clock.step())
        return {place: Figures._asdict(figures) for place, figures in found.items()}

    def fault(self, kind: str, **fields: Any) -> Fault:
        """Let requests go wrong; see `faults.Fault` for the fields and `spoil.KINDS` for the kinds."""
        with self._lock:
            return self.faults.add(kind, **fields)

    def clear_faults(self) -> None:
        """Let all requests go right again."""
        with self._lock:
            self.faults.clear()

    def advance(self, steps: int = 1) -> int:
        """Move simulated time, and tell the step it is now."""
        return int(self.edit("advance", steps=steps)["step"])

    def edit(self, action: str, **fields: Any) -> dict[str, Any]:
        """Change the world, or its clock (advance, hold, follow), and keep the change in the state file.

        Raises: ValueError telling what is wrong with the edit.
        """
        with self._lock:
            done = self._carry_out({"action": action, **fields})
            if not (action in _CLOCK_ACTIONS and self.clock.keeps_itself):
                self._journal.append(done)
            return done

    def _carry_out(self, edit: dict[str, Any]) -> dict[str, Any]:
        """Do one edit; those of the clock are not edits of the world."""
        match edit:
            case {"action": "advance", "steps": int(steps)}:
                return {**edit, "step": self.clock.advance(steps)}
            case {"action": "hold"}:
                step = int(edit.get("step", self.clock.step()))
                self.clock.hold(step)
                return {**edit, "step": step}
            case {"action": "follow"}:
                self.clock.follow()
                return edit
        return edits.apply(self.world, edit=edit)

    def _exchange(self, call: Call) -> Outcome:
        """Answer one call, whoever it is for."""
        path, _, query = call.target.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True)
        with self._lock:
            if path == "/_control" or path.startswith("/_control/"):
                return Outcome(control.respond(self, call=call, pairs=pairs), Delivery(), _unlogged)
            for provider, face in FACES.items():
                if path.startswith(face.prefix + "/"):
                    below = path.removeprefix(face.prefix)
                    return self._provider(self._request(provider, below, pairs, call))
        nowhere = Answer(status=404, value={"message": "No provider has this address."})
        return Outcome(nowhere, Delivery(), _unlogged)

    @staticmethod
    def _request(provider: str, path: str, pairs: list[tuple[str, str]], call: Call) -> Request:
        return Request(
            provider=provider,
            method=call.method,
            path=path,
            segments=tuple(unquote(part) for part in path.split("/")[1:]),
            query=pairs,
            headers=call.headers,
            body=call.body,
        )

    def _provider(self, request: Request) -> Outcome:
        """Let the face answer, with every fault that befalls the request."""
        face = FACES[request.provider]
        key = self.world.keys.get(face.secret(request))
        slot = key.slot if key else ""
        entry = self.requests.begin(request, slot=slot)
        faults = self.faults.hit(request, slot=slot)
        case = Case(request=request, fail=face.fail)
        case.delivery.delay = self.options.latency
        for fault in faults:
            if KINDS[fault.kind].stage == "request":
                KINDS[fault.kind].spoil(case, fault)
        case.answer = self._ask(request)
        for fault in faults:
            if KINDS[fault.kind].stage == "answer":
                KINDS[fault.kind].spoil(case, fault)
            if fault.kind == "page_shift" and key:
                self._shift(self.world.company_of(key), fault)
        return Outcome(case.answer, case.delivery, partial(self._finish, entry))

    def _ask(self, request: Request) -> Answer:
        scene = Scene(self.world, self.clock.step(), self.clock, self.options)
        try:
            return FACES[request.provider].respond(request, scene)
        except Refused as refusal:
            return refusal.answer

    def _finish(self, entry: Entry, status: int) -> None:
        with self._lock:
            self.requests.end(entry, status=status)

    def _shift(self, company: Company, fault: Fault) -> None:
        """Delete the list's first row, append one, or (the default) both, right after a page was read."""
        slot, seed = company.slot, (self.world.seed, fault.id, fault.hits)
        is_swipelux = company.provider == "swipelux"
        first = next(iter(company.customers if is_swipelux else company.accounts))
        if fault.text != "insert" and is_swipelux:
            self.edit("remove_customer", provider=slot, ref=first)
        elif fault.text != "insert":
            currency = next(iter(company.accounts[first].holdings))
            self.edit("remove_balance", provider=slot, ref=first, currency=currency)
        if fault.text != "delete" and is_swipelux:
            self.edit("add_customer", provider=slot, ref=f"cus_shift{fault.hits}", name="New")
        elif fault.text != "delete":
            self.edit("add_balance", provider=slot, ref=ulid(*seed), currency="EGP", available="1")


def _unlogged(_: int) -> None:
    """Forget how a call ended that is none of a provider's."""
