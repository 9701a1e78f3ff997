"""What must hold between settings, beyond each one's own bounds: one function a rule."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from surewire.config.model import Config
from surewire.errors import ConfigError

__all__ = ["check", "is_loopback"]


def check(config: Config, *, insecure: bool = False) -> None:
    """Nothing, when the settings agree with each other. `insecure` allows open authentication on every address.

    Raises: ConfigError for the first that do not.
    """
    for rule in _RULES:
        rule(config)
    if not insecure:
        _open_is_local(config)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address. A name other than localhost may mean anything, so it is not."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _open_is_local(config: Config) -> None:
    for index, listener in enumerate(config.listeners):
        if not is_loopback(listener.host):
            raise ConfigError(
                f'{listener.host} can be reached from outside, and auth.type = "open" lets everyone in under any name.',
                path=f"listeners[{index}].host",
                mend="Bind to 127.0.0.1 or, where the network itself keeps strangers out, start with `serve --insecure`.",
            )


def _tls_is_whole(config: Config) -> None:
    for index, listener in enumerate(config.listeners):
        if (listener.tls_certificate is None) != (listener.tls_key is None):
            missing = "tls_key" if listener.tls_key is None else "tls_certificate"
            raise ConfigError("TLS needs a certificate and its key.", path=f"listeners[{index}]", mend=f"Set {missing} too, or neither.")


def _addresses_differ(config: Config) -> None:
    seen: set[tuple[str, int]] = set()
    for index, listener in enumerate(config.listeners):
        address = (listener.host.lower(), listener.port)
        if listener.port and address in seen:
            raise ConfigError(f"{listener.host}:{listener.port} is listed twice.", path=f"listeners[{index}]", mend="Give it another port.")
        seen.add(address)


def _pong_before_next_ping(config: Config) -> None:
    interval_s, timeout_s = config.heartbeat.interval_s, config.heartbeat.timeout_s
    if 0 < interval_s <= timeout_s:
        raise ConfigError(
            f"a ping that may stay unanswered for {timeout_s:g} s collides with the next one after {interval_s:g} s.",
            path="heartbeat.timeout_s",
            mend=f"Set it below heartbeat.interval_s ({interval_s:g}).",
        )


def _content_fits_message(config: Config) -> None:
    limits = config.limits
    if limits.max_content_bytes > limits.max_message_bytes:
        raise ConfigError(
            f"content of {limits.max_content_bytes:,} bytes cannot come in a message of {limits.max_message_bytes:,}.",
            path="limits.max_content_bytes",
            mend="Set it to at most limits.max_message_bytes.",
        )


def _retries_come_apart(config: Config) -> None:
    if config.alerting.retry_first_s > config.alerting.retry_most_s:
        raise ConfigError(
            f"the longest wait cannot be shorter than the first, {config.alerting.retry_first_s:g} s.",
            path="alerting.retry_most_s",
            mend="Set it to at least alerting.retry_first_s.",
        )


def _targets_have_addresses(config: Config) -> None:
    for name, target in config.notify.items():
        for setting in {"url", "webhook_url"} & set(target.__struct_fields__):
            if not _is_whole(getattr(target, setting)):
                problem = "the value is no complete address."
                raise ConfigError(problem, path=f"notify.{name}.{setting}", mend="Write it like https://host/path.")


def _grafana_is_whole(config: Config) -> None:
    grafana = config.grafana
    if (grafana.url is None) != (not grafana.token):
        missing = "url" if grafana.url is None else "token"
        raise ConfigError("annotations need an address and a token.", path="grafana", mend=f"Set {missing} too, or neither.")
    if grafana.url is not None and not _is_whole(grafana.url):
        raise ConfigError("the value is no complete address.", path="grafana.url", mend="Write it like https://host/path.")


def _is_whole(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _no_compression_yet(config: Config) -> None:
    if config.limits.compression:
        raise ConfigError("this version cannot compress messages.", path="limits.compression", mend="Set it to false.")


_RULES: Final[tuple[Callable[[Config], None], ...]] = (
    _tls_is_whole,
    _addresses_differ,
    _pong_before_next_ping,
    _content_fits_message,
    _targets_have_addresses,
    _grafana_is_whole,
    _retries_come_apart,
    _no_compression_yet,
)
