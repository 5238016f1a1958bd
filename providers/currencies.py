"""Tell what a currency code is: its scale, its kind and its name.

Scales of money come from ISO 4217, never from a locale library: those print some currencies
with fewer digits than the standard gives them. Scales of tokens are those of their contracts.
Codes that are not listed are kept and flagged by whoever reads them, never dropped.

Source: ISO 4217 list one, as maintained by SIX, with the withdrawn codes that accounts still
carry. Codes for which the standard says "not applicable" (metals, bond units, XDR, XXX) have
no minor unit and stand here only where money can lie in them, with scale 0.
"""

from dataclasses import dataclass
from enum import StrEnum


class CurrencyKind(StrEnum):
    """Separate state money, tokens on a chain, and money that only tests."""

    FIAT = "FIAT"
    TOKEN = "TOKEN"
    TEST = "TEST"


FIAT, TOKEN, TEST = CurrencyKind.FIAT, CurrencyKind.TOKEN, CurrencyKind.TEST


@dataclass(frozen=True, slots=True)
class Currency:
    """Hold one code with its scale.

    Units: `exponent` is the number of decimal places of the smallest unit.
    """

    code: str
    exponent: int
    kind: CurrencyKind
    name: str


_FIAT = {
    "AED": "UAE Dirham",
    "AFN": "Afghani",
    "ALL": "Lek",
    "AMD": "Armenian Dram",
    "AOA": "Kwanza",
    "ARS": "Argentine Peso",
    "AUD": "Australian Dollar",
    "AWG": "Aruban Florin",
    "AZN": "Azerbaijan Manat",
    "BAM": "Convertible Mark",
    "BBD": "Barbados Dollar",
    "BDT": "Taka",
    "BHD": "Bahraini Dinar",
    "BIF": "Burundi Franc",
    "BMD": "Bermudian Dollar",
    "BND": "Brunei Dollar",
    "BOB": "Boliviano",
    "BOV": "Mvdol",
    "BRL": "Brazilian Real",
    "BSD": "Bahamian Dollar",
    "BTN": "Ngultrum",
    "BWP": "Pula",
    "BYN": "Belarusian Ruble",
    "BZD": "Belize Dollar",
    "CAD": "Canadian Dollar",
    "CDF": "Congolese Franc",
    "CHE": "WIR Euro",
    "CHF": "Swiss Franc",
    "CHW": "WIR Franc",
    "CLF": "Unidad de Fomento",
    "CLP": "Chilean Peso",
    "CNY": "Yuan Renminbi",
    "COP": "Colombian Peso",
    "COU": "Unidad de Valor Real",
    "CRC": "Costa Rican Colon",
    "CUP": "Cuban Peso",
    "CVE": "Cabo Verde Escudo",
    "CZK": "Czech Koruna",
    "DJF": "Djibouti Franc",
    "DKK": "Danish Krone",
    "DOP": "Dominican Peso",
    "DZD": "Algerian Dinar",
    "EGP": "Egyptian Pound",
    "ERN": "Nakfa",
    "ETB": "Ethiopian Birr",
    "EUR": "Euro",
    "FJD": "Fiji Dollar",
    "FKP": "Falkland Islands Pound",
    "GBP": "Pound Sterling",
    "GEL": "Lari",
    "GHS": "Ghana Cedi",
    "GIP": "Gibraltar Pound",
    "GMD": "Dalasi",
    "GNF": "Guinean Franc",
    "GTQ": "Quetzal",
    "GYD": "Guyana Dollar",
    "HKD": "Hong Kong Dollar",
    "HNL": "Lempira",
    "HTG": "Gourde",
    "HUF": "Forint",
    "IDR": "Rupiah",
    "ILS": "New Israeli Sheqel",
    "INR": "Indian Rupee",
    "IQD": "Iraqi Dinar",
    "IRR": "Iranian Rial",
    "ISK": "Iceland Krona",
    "JMD": "Jamaican Dollar",
    "JOD": "Jordanian Dinar",
    "JPY": "Yen",
    "KES": "Kenyan Shilling",
    "KGS": "Som",
    "KHR": "Riel",
    "KMF": "Comorian Franc",
    "KPW": "North Korean Won",
    "KRW": "Won",
    "KWD": "Kuwaiti Dinar",
    "KYD": "Cayman Islands Dollar",
    "KZT": "Tenge",
    "LAK": "Lao Kip",
    "LBP": "Lebanese Pound",
    "LKR": "Sri Lanka Rupee",
    "LRD": "Liberian Dollar",
    "LSL": "Loti",
    "LYD": "Libyan Dinar",
    "MAD": "Moroccan Dirham",
    "MDL": "Moldovan Leu",
    "MGA": "Malagasy Ariary",
    "MKD": "Denar",
    "MMK": "Kyat",
    "MNT": "Tugrik",
    "MOP": "Pataca",
    "MRU": "Ouguiya",
    "MUR": "Mauritius Rupee",
    "MVR": "Rufiyaa",
    "MWK": "Malawi Kwacha",
    "MXN": "Mexican Peso",
    "MXV": "Mexican Unidad de Inversion",
    "MYR": "Malaysian Ringgit",
    "MZN": "Mozambique Metical",
    "NAD": "Namibia Dollar",
    "NGN": "Naira",
    "NIO": "Cordoba Oro",
    "NOK": "Norwegian Krone",
    "NPR": "Nepalese Rupee",
    "NZD": "New Zealand Dollar",
    "OMR": "Rial Omani",
    "PAB": "Balboa",
    "PEN": "Sol",
    "PGK": "Kina",
    "PHP": "Philippine Peso",
    "PKR": "Pakistan Rupee",
    "PLN": "Zloty",
    "PYG": "Guarani",
    "QAR": "Qatari Rial",
    "RON": "Romanian Leu",
    "RSD": "Serbian Dinar",
    "RUB": "Russian Ruble",
    "RWF": "Rwanda Franc",
    "SAR": "Saudi Riyal",
    "SBD": "Solomon Islands Dollar",
    "SCR": "Seychelles Rupee",
    "SDG": "Sudanese Pound",
    "SEK": "Swedish Krona",
    "SGD": "Singapore Dollar",
    "SHP": "Saint Helena Pound",
    "SLE": "Leone",
    "SOS": "Somali Shilling",
    "SRD": "Surinam Dollar",
    "SSP": "South Sudanese Pound",
    "STN": "Dobra",
    "SVC": "El Salvador Colon",
    "SYP": "Syrian Pound",
    "SZL": "Lilangeni",
    "THB": "Baht",
    "TJS": "Somoni",
    "TMT": "Turkmenistan New Manat",
    "TND": "Tunisian Dinar",
    "TOP": "Pa'anga",
    "TRY": "Turkish Lira",
    "TTD": "Trinidad and Tobago Dollar",
    "TWD": "New Taiwan Dollar",
    "TZS": "Tanzanian Shilling",
    "UAH": "Hryvnia",
    "UGX": "Uganda Shilling",
    "USD": "US Dollar",
    "USN": "US Dollar (Next day)",
    "UYI": "Uruguay Peso en Unidades Indexadas",
    "UYU": "Peso Uruguayo",
    "UYW": "Unidad Previsional",
    "UZS": "Uzbekistan Sum",
    "VED": "Bolivar Digital",
    "VES": "Bolivar Soberano",
    "VND": "Dong",
    "VUV": "Vatu",
    "WST": "Tala",
    "XAD": "Arab Accounting Dinar",
    "XAF": "CFA Franc BEAC",
    "XCD": "East Caribbean Dollar",
    "XCG": "Caribbean Guilder",
    "XOF": "CFA Franc BCEAO",
    "XPF": "CFP Franc",
    "YER": "Yemeni Rial",
    "ZAR": "Rand",
    "ZMW": "Zambian Kwacha",
    "ZWG": "Zimbabwe Gold",
}

_WITHDRAWN = {
    "ANG": "Netherlands Antillean Guilder",
    "BGN": "Bulgarian Lev",
    "CUC": "Peso Convertible",
    "HRK": "Kuna",
    "SLL": "Leone (old)",
    "ZWL": "Zimbabwe Dollar",
}

_UNSCALED = {
    "XAG": "Silver",
    "XAU": "Gold",
    "XDR": "SDR (Special Drawing Right)",
    "XPD": "Palladium",
    "XPT": "Platinum",
    "XSU": "Sucre",
    "XUA": "ADB Unit of Account",
}

# Every other code of the standard has two places.
_PLACES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

_TOKENS = {
    "USDC": (6, "USD Coin"),
    "USDCBASE": (6, "USD Coin on Base, as Payman names it"),
    "USDT": (6, "Tether USD"),
    "EURC": (6, "Euro Coin"),
    "PYUSD": (6, "PayPal USD"),
    "USDG": (6, "Global Dollar"),
    "GUSD": (2, "Gemini Dollar"),
    "EURS": (2, "Stasis Euro"),
    "DAI": (18, "Dai"),
    "USDS": (18, "Sky Dollar"),
    "USDP": (18, "Pax Dollar"),
    "TUSD": (18, "TrueUSD"),
    "FDUSD": (18, "First Digital USD"),
    "BTC": (8, "Bitcoin"),
    "WBTC": (8, "Wrapped Bitcoin"),
    "LTC": (8, "Litecoin"),
    "ETH": (18, "Ether"),
    "WETH": (18, "Wrapped Ether"),
    "POL": (18, "Polygon"),
    "MATIC": (18, "Polygon (old)"),
    "BNB": (18, "BNB"),
    "AVAX": (18, "Avalanche"),
    "SOL": (9, "Solana"),
    "TRX": (6, "Tron"),
    "XRP": (6, "XRP"),
}

_TESTS = {
    "TSD": (2, "Payman test dollars"),
    "XTS": (2, "ISO 4217 code for testing"),
}


def _listed() -> dict[str, Currency]:
    """Join the tables into one, by code."""
    scales = {code: scale for scale, codes in _PLACES.items() for code in codes.split()}
    scales |= dict.fromkeys(_UNSCALED, 0)
    money = _FIAT | _WITHDRAWN | _UNSCALED
    rows = [Currency(code, scales.get(code, 2), FIAT, name) for code, name in money.items()]
    rows += [Currency(code, scale, TOKEN, name) for code, (scale, name) in _TOKENS.items()]
    rows += [Currency(code, scale, TEST, name) for code, (scale, name) in _TESTS.items()]
    return {row.code: row for row in rows}


CURRENCIES: dict[str, Currency] = _listed()


def currency(code: str) -> Currency | None:
    """Look a code up; `None` means unknown to us, not invalid."""
    return CURRENCIES.get(code)


def exponent(code: str, default: int = 2) -> int:
    """Return the scale of a code, `default` when it is unknown."""
    known = CURRENCIES.get(code)
    return default if known is None else known.exponent


def is_test(code: str) -> bool:
    """Tell money that only tests apart, which no total of live money may hold."""
    known = CURRENCIES.get(code)
    return known is not None and known.kind is TEST
