"""Environment variables as settings: lines of `NAME=VALUE`, each name behind `SUREWIRE_`.

Holds: as for a configuration file.
"""

from __future__ import annotations

from fuzz.target import Target
from surewire.config.load import load
from surewire.errors import ConfigError


def check(data: bytes) -> None:
    lines = (line.partition("=") for line in data.decode(errors="surrogateescape").splitlines())  # as os.environ has it
    try:
        loaded = load(environment={f"SUREWIRE_{name}": value for name, _, value in lines})
    except ConfigError as error:
        assert str(error)
    else:
        assert all(value.name and value.source for value in loaded.effective())


TARGET = Target(
    check,
    seeds=(
        b"LIMITS__MAX_CONNECTIONS=50000\nLIMITS__MESSAGES_PER_S=1.5\nLIMITS__COMPRESSION=false\nPORT_8080_TCP=tcp://10.0.0.1:8080",
        b'LISTENERS=[{"host":"127.0.0.1","port":0,"channel":"a"},{}]\nEVENTS__TYPES=a,b\nTELEMETRY__PROFILES=["sla"]',
        b"STORE__TYPE=sqlite\nSTORE__PATH=a.db\nDATA_DIR=x\nCONFIG=y\nURL=z\nAUTH__ALLOWED_ORIGINS=https://a.b",
        b"NOTIFY__A_B__TYPE=email\nNOTIFY__A_B__HOST=h\nNOTIFY__A_B__SENDER=a@b\nNOTIFY__A_B__RECIPIENTS=c@d,e@f\nNOTIFY__A_B__TIMEOUT_S=3",
        b"NOTIFY__X__TYPE=sms\nNOTIFY____URL=x\nNOTIFY__a-b__ROUTING_KEY=\nNOTIFY__X__COLOUR=red",
        b"LISTENERS=[[[[]]]]\nLIMITS__BURST=\nHEARTBEAT__INTERVAL_S=nan",
        b"STORE__TYPE=kafka\nLOG__TYPE=\xff\nDRAIN__TIMEOUT_S=1e400",
    ),
)
