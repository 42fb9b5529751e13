"""How do the bytes travel?"""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import sys
import threading
import zlib
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from rig import Rig
from scripted import Answer

from tap_restgeneric.dialect.exchange import Call
from tap_restgeneric.engine import transport
from tap_restgeneric.errors import ReplyError, UnavailableError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def test_the_user_agent_is_the_one_that_was_set(serve):
    server = serve([{}])
    Rig(server.url, transport={"user_agent": "my-company/7"}).ask()

    assert server.asked[0].headers["user-agent"] == "my-company/7"


def test_a_written_header_wins_over_the_user_agent(serve):
    server = serve([{}])
    Rig(server.url, client={"headers": {"user-agent": "written/1"}}).ask()

    assert server.asked[0].headers["user-agent"] == "written/1"


def test_json_is_sent_as_json(serve):
    server = serve([{}])
    Rig(server.url, method="POST", json={"name": "Zoë", "n": [1, None]}).ask()

    assert server.asked[0].json == {"name": "Zoë", "n": [1, None]}
    assert server.asked[0].headers["content-type"] == "application/json"


def test_a_written_content_type_is_not_replaced(serve):
    server = serve([{}])
    Rig(server.url, method="POST", json={"a": 1}, headers={"content-type": "application/vnd.api+json"}).ask()

    assert server.asked[0].headers["content-type"] == "application/vnd.api+json"


def test_an_empty_json_body_is_a_body(serve):
    server = serve([{}])
    Rig(server.url, method="POST", json={}).ask()

    assert server.asked[0].body == b"{}"


def test_data_is_sent_as_a_form(serve):
    server = serve([{}])
    Rig(server.url, method="POST", data={"a": "1&2", "b": "ü"}).ask()

    assert server.asked[0].form == [("a", "1&2"), ("b", "ü")]
    assert server.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_lists_in_params_are_sent_one_by_one(serve):
    server = serve([{}])
    Rig(server.url, params={"id": ["1", "2"], "q": "a b&c"}).ask()

    assert server.asked[0].query == [("id", "1"), ("id", "2"), ("q", "a b&c")]


@pytest.mark.parametrize("path", ["/a%2Fb/c", "/a%20b", "/x?already=1%2B1"])
def test_a_url_is_sent_as_it_is_encoded(serve, path):
    server = serve([{}])
    rig = Rig(server.url)
    rig.ask(Call(url=server.url + path))

    assert server.targets == [path]


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "deflate as some servers mean it": lambda content: zlib.compress(content)[2:-4],
    "zstd": zstd.compress,
}


@pytest.mark.parametrize(("coding", "compress"), CODINGS.items())
def test_a_compressed_body_is_read(serve, coding, compress):
    answer = Answer(200, compress(Answer(200, {"ok": "ü" * 1000}).content), {"Content-Encoding": coding.split()[0]})

    assert Rig(serve([answer]).url).ask().body == {"ok": "ü" * 1000}


def test_a_body_that_is_a_gzip_file_is_read(serve):
    parts = gzip.compress(b'{"ok": ') + gzip.compress(b"1}")

    assert Rig(serve([Answer(200, parts, {"Content-Type": "application/gzip"})]).url).ask().body == {"ok": 1}


@pytest.mark.parametrize("wrong", [lambda file: file[:-9], lambda file: file[:12] + b"?" + file[13:]])
def test_a_gzip_file_that_is_broken_is_asked_for_again(serve, wrong):
    file = gzip.compress(b'{"ok": 1}')

    assert Rig(serve([Answer(200, wrong(file)), Answer(200, file)]).url).ask().body == {"ok": 1}


def test_a_gzip_file_beyond_the_limit_is_an_error(serve):
    rig = Rig(serve([Answer(200, gzip.compress(b" " * 3_000_000))]).url, transport={"largest_body": 2 * 1024 * 1024})

    with pytest.raises(ReplyError, match="larger than 2 MB"):
        rig.ask()


def test_servers_are_told_which_compression_is_understood(serve):
    server = serve([{}])
    Rig(server.url).ask()

    assert {"gzip", "deflate", "zstd"} <= set(server.asked[0].headers["accept-encoding"].split(", "))


def test_a_body_that_is_not_compressed_as_it_says_is_asked_for_again(serve):
    server = serve([Answer(200, b"no frame", {"Content-Encoding": "zstd"}), {"ok": 1}])

    assert Rig(server.url).ask().body == {"ok": 1}


@pytest.mark.parametrize(
    ("content", "charset"),
    [
        ('{"a":"ü"}'.encode("latin-1"), "; charset=ISO-8859-1"),
        ('{"a":"ü"}'.encode("utf-16"), "; charset=utf-16"),
        ('{"a":"ü"}'.encode(), "; charset=utf-8"),
        ('{"a":"ü"}'.encode(), ""),
        (b"\xef\xbb\xbf" + '{"a":"ü"}'.encode(), ""),
        ('{"a":"ü"}'.encode("utf-16"), ""),
        ('\ufeff{"a":"ü"}'.encode("utf-32-be"), "; charset=utf-8"),
    ],
)
def test_a_body_is_read_in_its_charset(serve, content, charset):
    answer = Answer(200, content, {"Content-Type": f"application/json{charset}"})

    assert Rig(serve([answer]).url).ask().body == {"a": "ü"}


def test_numbers_come_as_they_were_written(serve):
    body = Rig(serve([Answer(200, '{"price": 0.1000000000000000055, "id": 9007199254740993}')]).url).ask().body

    assert body == {"price": Decimal("0.1000000000000000055"), "id": 9007199254740993}


def test_a_page_for_people_is_an_error_that_shows_it(serve):
    html = "<html><body>" + "Please log in. " * 40 + "</body></html>"
    rig = Rig(serve([Answer(200, html, {"Content-Type": "text/html"})]).url, data_selector="items")

    with pytest.raises(
        ReplyError, match=r"stream 'things': .*not JSON.*status 200, text/html.*Please log in"
    ) as caught:
        rig.pages()
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("coding", [None, *CODINGS])
def test_a_body_beyond_the_limit_is_an_error(serve, coding):
    answer = Answer(200, {"blanks": " " * 3_000_000})
    if coding:
        answer = Answer(200, CODINGS[coding](answer.content), {"Content-Encoding": coding.split()[0]})
    server = serve([answer])

    with pytest.raises(ReplyError, match="the body is larger than 2 MB"):
        Rig(server.url, transport={"largest_body": 2 * 1024 * 1024}).ask()
    assert len(server.asked) == 1


def test_connections_are_kept_open(serve):
    ports = set()
    server = serve([{}] * 3)
    handler = server.finish_request
    server.finish_request = lambda request, address: (ports.add(address), handler(request, address))
    rig = Rig(server.url)
    for _ in range(3):
        rig.ask()

    assert len(ports) == 1


def _certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "both.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return file


def test_a_certificate_that_nobody_vouches_for_is_an_error_at_once(serve, tmp_path):
    server = serve([{}])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    rig = Rig(server.url.replace("http:", "https:"))

    with pytest.raises(ReplyError, match=r"no TLS connection that can be trusted: .*self-signed certificate"):
        rig.ask()
    assert (server.asked, rig.tally.requests, rig.clock.slept) == ([], 1, [])


def test_plain_http_where_tls_is_expected_is_an_error_at_once(serve):
    rig = Rig(serve([{}]).url.replace("http:", "https:"))

    with pytest.raises(ReplyError, match=r"no TLS connection that can be trusted: SSLError: .*WRONG_VERSION_NUMBER"):
        rig.ask()
    assert rig.tally.requests == 1


def test_a_connection_that_breaks_while_tls_begins_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def hang_up():
            for _ in range(2):
                connection, _ = listening.accept()
                # All of the greeting is read, or closing would reset the connection.
                connection.recv(65536)
                connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        rig = Rig(f"https://127.0.0.1:{listening.getsockname()[1]}", error_handler={"max_retries": 1})
        with pytest.raises(UnavailableError, match="gave up after 2 requests"):
            rig.ask()
        thread.join()


@given(st.text(alphabet="ab1._-~/:@&=+,;$%! '()*?#é", max_size=12))
def test_a_plain_url_is_sent_as_requests_would_write_it(rest):
    url = f"http://h.example:80/{rest}"
    plain = transport._PLAIN.fullmatch(url)

    assert plain is None or plain["path"] == requests.Request("GET", url).prepare().path_url


def test_most_urls_are_plain():
    assert (
        transport._PLAIN.fullmatch("https://api.example.com/v1/orders/12/lines.json")["path"]
        == "/v1/orders/12/lines.json"
    )
