"""Make a person: `manage.py create_user EMAIL --tenant SLUG --role ROLE --password-stdin`; again converges."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from providers.tenancy import people
from providers.tenancy.management.stdin import text_of
from providers.tenancy.models import Membership, Role, Tenant, User


class Command(BaseCommand):
    """Make a person and their membership, or bring both to what is asked."""

    help = "Make a person with a verified address and a role; one that exists gets this role and password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments; a password never is one."""
        parser.add_argument("email")
        parser.add_argument("--tenant", required=True, help="the tenant's slug")
        parser.add_argument("--role", required=True, type=str.upper, choices=Role.values)
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--password-stdin", action="store_true", help="take the first line of standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or change the person in one transaction. Raises: CommandError."""
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            raise CommandError(f"There is no tenant {options['tenant']}.")
        password = _first_line() if options["password_stdin"] else None
        try:
            with transaction.atomic():
                user = _user(options["email"], name=options["name"], password=password)
                _membership(tenant, user=user, role=options["role"])
        except (ValidationError, people.LastAdmin) as fault:
            messages = fault.messages if isinstance(fault, ValidationError) else [f"{fault}."]
            raise CommandError(" ".join(messages)) from fault
        self.stdout.write(f"{user.email} is {options['role'].lower()} of {tenant.slug}")


def _first_line() -> str:
    password = text_of(sys.stdin.readline).rstrip("\r\n")
    if not password:
        raise CommandError("The first line of standard input holds no password.")
    return password


def _user(email: str, *, name: str, password: str | None) -> User:
    user = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        return people.create_user(email, name=name, password=password)
    if name:
        people.rename(user, name=name)
    if password is not None and not user.check_password(password):
        people.set_password(user, password=password)
    return user


def _membership(tenant: Tenant, *, user: User, role: str) -> None:
    membership = Membership.objects.for_tenant(tenant).filter(user=user).first()
    if membership is None:
        people.add_member(tenant, user=user, role=role)
    else:
        people.change_role(membership, role=role)
