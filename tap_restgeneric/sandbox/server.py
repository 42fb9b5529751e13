"""How is the sandbox run, what does it record, and when does it fail on purpose?"""

from __future__ import annotations

import re
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

from flask import Flask, abort, jsonify, make_response, request
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from werkzeug.exceptions import HTTPException

from tap_restgeneric.sandbox import ci, commerce, helpdesk, recruiting, telephony
from tap_restgeneric.sandbox.api import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from flask import Response

    from tap_restgeneric.sandbox.api import Api, Record

_MOUNTS: Final[Mapping[str, Callable[[Options], Api]]] = {
    "recruiting": recruiting.mount,
    "ci": ci.mount,
    "commerce": commerce.mount,
    "helpdesk": helpdesk.mount,
    "telephony": telephony.mount,
}
APIS: Final = tuple(_MOUNTS)
_THREADS: Final = 32
_STOPS_WITHIN: Final = 0.05  # seconds


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A request that the sandbox got.

    Attributes:
        api: The API it went to.
        method: HTTP method.
        path: Path without the prefix of the API, percent-encoded as it came.
        query: Names and values of the query, decoded, in order.
        headers: Header fields, names in lower case.
        json: The JSON body; None for none, or for a body that does not say it is JSON.
        form: Names and values of the form.
        status: Status of the answer.
    """

    api: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    json: Any
    form: tuple[tuple[str, str], ...]
    status: int


class Sandbox:
    """A server with some of the APIs. Use `running`, or `run` to serve in this thread."""

    def __init__(
        self, *, options: Options | None = None, apis: Iterable[str] = APIS, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Bind the socket; port 0 takes a free one.

        Raises:
            KeyError: There is no API of such a name.
            OSError: The port is taken.
        """
        self.options = options or Options()
        self._apis = {name: _MOUNTS[name](self.options) for name in apis}
        self._recorded: list[Recorded] = []
        self._sockets: dict[int, Any] = {}
        app = _app(self._apis, _Faults(self.options), self._recorded)
        self._server = create_server(app, map=self._sockets, host=host, port=port, threads=_THREADS)
        self._server.channel_class = _Channel
        self._stopping = threading.Event()
        self._stopped = threading.Event()
        self.address = f"http://{host}:{self._server.effective_port}"

    @property
    def apis(self) -> tuple[str, ...]:
        """The APIs that are served."""
        return tuple(self._apis)

    @property
    def requests(self) -> list[Recorded]:
        """The requests so far, in the order of their answers."""
        return list(self._recorded)

    def forget(self) -> None:
        """Begin the record of requests anew."""
        self._recorded.clear()

    def url(self, api: str) -> str:
        """The `base_url` of an API."""
        return f"{self.address}/{api}"

    def credentials(self, api: str) -> dict[str, str]:
        """The `secrets` for an API."""
        return dict(self._apis[api].credentials)

    def parameters(self, api: str) -> dict[str, Any]:
        """The `parameters` for an API, with which its definition reaches every record."""
        return dict(self._apis[api].parameters)

    def truth(self, api: str, resource: str) -> list[Record]:
        """Every record of a resource: what a target should hold in the end."""
        return self._apis[api].truth[resource]

    def run(self) -> None:
        """Serve until `stop`, or an interrupt."""
        try:
            while not self._stopping.is_set():
                wasyncore.loop(timeout=_STOPS_WITHIN, use_poll=True, map=self._sockets, count=1)
        finally:
            # In this order: a thread that is still answering needs the sockets.
            self._server.task_dispatcher.shutdown()
            wasyncore.close_all(self._sockets, ignore_all=True)
            self._stopped.set()

    def stop(self) -> None:
        """Make `run`, which is in another thread, return, and wait until it has."""
        self._stopping.set()
        self._stopped.wait()


@contextmanager
def running(*, options: Options | None = None, apis: Iterable[str] = APIS, port: int = 0) -> Iterator[Sandbox]:
    """A sandbox that serves in a thread as long as the block lasts."""
    sandbox = Sandbox(options=options, apis=apis, port=port)
    thread = threading.Thread(target=sandbox.run, name="sandbox", daemon=True)
    thread.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
        thread.join()


def serve(
    host: str = "127.0.0.1",
    port: int = 0,
    apis: Iterable[str] = APIS,
    options: Options | None = None,
    ready: Callable[[Sandbox], None] | None = None,
) -> None:
    """Serve until interrupted; `ready` is called once the port is open.

    Raises:
        KeyError: There is no API of such a name.
        OSError: The port is taken.
    """
    sandbox = Sandbox(options=options, apis=apis, host=host, port=port)
    if ready is not None:
        ready(sandbox)
    with suppress(KeyboardInterrupt):
        sandbox.run()


class _Faults:
    """Failures on purpose: by the number of the request, so the same on every run."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def due(self, api: Api) -> Response | None:
        """The failure that this request meets, if any."""
        with self._lock:
            self._seen[api.name] += 1
            turn = self._seen[api.name]
        if api.name in self._options.unavailable_apis and _is_due(turn, self._options.unavailable_every):
            return make_response(api.refusal(503, "The service is unavailable."), 503)
        if not _is_due(turn, self._options.refused_every):
            return None
        refused = make_response(api.refusal(429, "Too many requests."), 429)
        refused.headers["Retry-After"] = self._options.retry_after
        return refused


def _is_due(turn: int, every: int) -> bool:
    return every > 0 and turn % every == 0


def _app(apis: Mapping[str, Api], faults: _Faults, recorded: list[Recorded]) -> Flask:
    app = Flask("sandbox")
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False
    app.wsgi_app = _as_written(app.wsgi_app)  # type: ignore[method-assign]
    for api in apis.values():
        app.register_blueprint(api.routes, url_prefix=f"/{api.name}")
    _add_gate(app, apis, faults)
    _add_record(app, apis, recorded)
    _add_truth(app, apis)
    return app


def _here(apis: Mapping[str, Api]) -> tuple[Api | None, str]:
    """The API of the current request, and the path in it."""
    name, slash, path = request.path.removeprefix("/").partition("/")
    return apis.get(name), slash + path


def _add_gate(app: Flask, apis: Mapping[str, Api], faults: _Faults) -> None:
    @app.url_value_preprocessor
    def decode(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        for name, value in (values or {}).items():
            values[name] = unquote(value)  # type: ignore[index]

    @app.before_request
    def admit() -> Response | None:
        api, path = _here(apis)
        if api is None:
            return None
        fault = faults.due(api)
        if fault is None and path not in api.open_paths and not api.admits():
            abort(401, "The credentials are missing or wrong.")
        return fault

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response | HTTPException:
        if error.response is not None or error.code is None:
            return error
        api, _ = _here(apis)
        message = error.description or error.name
        return make_response(api.refusal(error.code, message) if api else {"error": message}, error.code)


def _add_record(app: Flask, apis: Mapping[str, Api], recorded: list[Recorded]) -> None:
    @app.after_request
    def record(response: Response) -> Response:
        api, path = _here(apis)
        if api is not None:
            recorded.append(_recorded(api.name, path, response.status_code))
        return response

    @app.get("/_requests")
    def list_requests() -> Response:
        wanted = request.args.get("api")
        return jsonify([asdict(each) for each in list(recorded) if wanted in {None, each.api}])

    @app.delete("/_requests")
    def forget_requests() -> tuple[str, int]:
        recorded.clear()
        return "", 204


def _add_truth(app: Flask, apis: Mapping[str, Api]) -> None:
    @app.get("/_truth")
    def counts() -> Response:
        return jsonify({name: {each: len(found) for each, found in api.truth.items()} for name, api in apis.items()})

    @app.get("/_truth/<name>/<resource>")
    def truth(name: str, resource: str) -> Response:
        if name not in apis or resource not in apis[name].truth:
            abort(404, "There is no such resource.")
        return jsonify(apis[name].truth[resource])


def _recorded(api: str, path: str, status: int) -> Recorded:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if _UNDERSCORED in headers:
        headers["api_key"] = headers.pop(_UNDERSCORED)
    return Recorded(
        api=api,
        method=request.method,
        path=path,
        query=tuple(parse_qsl(request.query_string.decode(), keep_blank_values=True)),
        headers=headers,
        json=request.get_json(silent=True),
        form=tuple(request.form.items(multi=True)),
        status=status,
    )


# WSGI servers decode the path, and then a slash in a segment can no longer be told from one between segments.
def _as_written(app: Callable[..., Any]) -> Callable[..., Any]:
    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        environ["PATH_INFO"] = environ["REQUEST_URI"].partition("?")[0]
        environ["sandbox.api_key"] = environ.get(f"HTTP_{_UNDERSCORED.upper().replace('-', '_')}")
        return app(environ, start_response)

    return answer


# They also drop header fields with an underscore in their name. `api_key` takes another name on its way in, one
# that is not `api-key` either: that would be a different header.
_UNDERSCORED: Final = "api-underscore-key"


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    def parse_header(self, header_plus: bytes) -> None:
        renamed = re.sub(rb"(?im)^api_key(?=:)", _UNDERSCORED.encode(), header_plus)
        super().parse_header(renamed)


class _Channel(HTTPChannel):  # type: ignore[misc]
    parser_class = _Parser
