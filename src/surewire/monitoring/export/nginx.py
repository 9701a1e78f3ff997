"""A proxy in front of surewire: TLS, one server for one client, WebSockets that may be silent for long.

It belongs in nginx's `http` context, as `/etc/nginx/conf.d/surewire.conf`; certificates and users are read from `surewire/` beside
`nginx.conf`.
"""

from __future__ import annotations

from typing import Final

from surewire.monitoring.export.catalogues import Catalogues, Files, header

__all__ = ["files"]

_WHAT: Final = (
    "A proxy that ends TLS and says who is who; put it in nginx's http context.\n"
    "# worker_connections in nginx.conf must hold two for each client."
)
_CONFIGURATION: Final = """\

map $http_upgrade $surewire_connection { default upgrade; "" ""; }

upstream surewire {
    ip_hash;                                      # a client comes back to the server that knows it
    server 127.0.0.1:8080;                        # one line a server
}

server {
    listen 443 ssl;

    ssl_certificate     surewire/tls.crt;
    ssl_certificate_key surewire/tls.key;
    ssl_protocols       TLSv1.2 TLSv1.3;
    ssl_session_cache   shared:surewire:10m;

    auth_basic           "surewire";              # or auth_request: surewire believes the name that comes from here
    auth_basic_user_file surewire/users;

    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $surewire_connection;
    proxy_set_header Host $host;
    proxy_set_header X-User-Id $remote_user;
    proxy_set_header X-Request-ID $request_id;
    proxy_read_timeout 7d;                        # silence is no fault: surewire's pings find the dead
    proxy_send_timeout 7d;
    proxy_buffering off;
    proxy_next_upstream off;                      # a refusal is an answer, and a send is not to be done twice
    client_max_body_size 1m;

    location / {
        # No user_id in the query, however it is spelled: it would win over the header.
        if ($args ~ "(^|&)(user_id|(?!labels)[^=&]*%)") { return 400; }
        proxy_pass http://surewire;
    }

    location = /health {
        auth_basic off;
        proxy_pass http://surewire;
    }

    location = /ready   { deny all; }             # for whoever runs the server: ask it directly
    location = /metrics { deny all; }
}
"""


def files(catalogues: Catalogues) -> Files:
    """`surewire.conf`."""
    return {"surewire.conf": header(catalogues, _WHAT) + _CONFIGURATION}
