"""Register the connectors: one line per provider, in the order of their slots."""

from providers.connectors.base import Connector
from providers.connectors.payiano import Payiano
from providers.connectors.payman import Payman
from providers.connectors.swipelux import Swipelux

CONNECTORS: dict[str, Connector] = {
    "payman": Payman(),
    "swipelux": Swipelux(),
    "payiano": Payiano(),
}
