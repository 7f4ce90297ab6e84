"""One connection: PRELOGIN, TLS, LOGIN7, then requests one after the other, with attentions in between."""

from __future__ import annotations

import queue
import socket
import sqlite3
import ssl
import struct
import sys
import threading
import traceback
from typing import TYPE_CHECKING

from tests.tds import requests
from tests.tds.engine.session import Session
from tests.tds.errors import Cancelled, SqlError
from tests.tds.faults import Close
from tests.tds.response import Response
from tests.tds.tls import Transport
from tests.tds.wire import login7, prelogin, tokens
from tests.tds.wire.packets import EOM, Assembler, Kind, Message, packet
from tests.tds.wire.prelogin import Encryption, Option

if TYPE_CHECKING:
    from tests.tds.server import Server

VERSION = (16, 0, 4105)
"""What it says it is: SQL Server 2022."""
PROGRAM = "Microsoft SQL Server"
TDS_7_3, TDS_7_3_B, TDS_7_4, TDS_8_0 = 0x73000000, 0x730B0003, 0x74000004, 0x08000000
DEFAULT_PACKET_SIZE = 4096
TLS_HANDSHAKE = 0x16


class Connection(threading.Thread):
    """The thread that answers a client; a second one reads what the client sends."""

    def __init__(self, server: Server, sock: socket.socket, spid: int) -> None:
        """`spid` is its session's number."""
        super().__init__(name=f"tds-{spid}", daemon=True)
        self.server = server
        self.spid = spid
        self.transport = Transport(sock)
        self.packet_size = DEFAULT_PACKET_SIZE
        self.encrypted = False
        self.strict = False
        self.login: login7.Login | None = None
        self.session: Session | None = None
        self._assembler = Assembler()
        self._messages: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._state = threading.Lock()
        self._waiting = 0
        """Requests that came and have no answer yet."""
        self._attention = False
        self._over = False
        """Whether the client left or the server cuts it: nothing that it asked for runs any more."""
        self.ended_by: Exception | None = None
        self.served = 0
        """Requests so far."""

    def run(self) -> None:
        """Its life."""
        reader: threading.Thread | None = None
        try:
            if self._open():
                reader = threading.Thread(target=self._read, name=f"tds-{self.spid}-reader", daemon=True)
                reader.start()
                while (message := self._messages.get()) is not None and not self._over:
                    self._serve(message)
        except (OSError, ssl.SSLError, Close, ValueError, struct.error) as error:
            self.ended_by = error
        except Exception:  # noqa: BLE001 - a mistake of this server: the test that met it fails
            self.server.failures.append(traceback.format_exc())
        finally:
            self.transport.cut()
            if reader is not None:
                reader.join()
            self.transport.close()
            try:
                if self.session is not None:
                    self.session.close()
            finally:
                self.server.forget(self.spid)

    def close(self) -> None:
        """Cuts it."""
        self._end()
        self.transport.cut()

    def place(self) -> str | None:
        """Where its thread is, as a traceback; None once it has ended."""
        frame = sys._current_frames().get(self.ident or 0)  # pyright: ignore[reportPrivateUsage] - documented
        return "".join(traceback.format_stack(frame)) if frame is not None and self.is_alive() else None

    def _end(self) -> None:
        """Stops what runs, and lets nothing run any more."""
        with self._state:
            self._over = True
            session = self.session
        if session is not None:
            session.interrupt()

    # Before the login

    def _message(self) -> Message | None:
        while True:
            data = self.transport.receive()
            if not data:
                return None
            for message in self._assembler.feed(data):
                return message

    def _response(self, *, in_procedure: bool = False) -> Response:
        faults = self.server.faults
        return Response(
            self.transport.send,
            self.packet_size,
            in_procedure=in_procedure,
            compresses=self.login is not None and (self.strict or self.login.version >= TDS_7_3_B),
            stop=self.stopped,
            reach=faults.reach,
            after_rows=lambda: faults.after_rows,
        )

    def _open(self) -> bool:
        """Whether the client got in."""
        faults, server = self.server.faults, self.server
        faults.reach("accept")
        if self.transport.peek() == TLS_HANDSHAKE:
            strict = server.context(strict=True)
            if strict is None:
                return False
            faults.reach("tls")
            self.transport.start_tls_first(strict)
            self.encrypted = self.strict = True
        elif server.encryption == "strict":
            return False
        message = self._message()
        if message is None or message.kind != Kind.PRELOGIN:
            return False
        faults.reach("prelogin")
        chosen = self._prelogin(prelogin.parse(message.data))
        if chosen is not Encryption.NOT_SUPPORTED:
            inside = server.context(strict=False)
            assert inside is not None
            faults.reach("tls")
            self.transport.start_tls_inside(inside)
            self.encrypted = True
        message = self._message()
        if message is None or message.kind != Kind.LOGIN7:
            return False
        faults.reach("login")
        if chosen is Encryption.OFF:
            self.transport.stop_tls()
            self.encrypted = False
        return self._login(login7.parse(message.data))

    def _prelogin(self, options: dict[int, bytes]) -> Encryption:
        """Answers PRELOGIN and says what TLS is for: OFF the login, ON and REQUIRED all, NOT_SUPPORTED nothing."""
        asked = Encryption(options.get(Option.ENCRYPTION, b"\2")[0] & 0x0F)
        if self.strict or self.server.encryption == "unsupported":
            chosen = Encryption.NOT_SUPPORTED
        elif self.server.encryption == "required":
            chosen = Encryption.ON if asked is Encryption.ON else Encryption.REQUIRED
        elif asked in {Encryption.ON, Encryption.REQUIRED}:
            chosen = Encryption.ON
        else:
            chosen = asked
        major, minor, build = VERSION
        answer = {
            Option.VERSION: struct.pack(">BBHH", major, minor, build, 0),
            Option.ENCRYPTION: bytes((Encryption.ON if self.strict else chosen,)),
            Option.INSTANCE: b"\0",
            Option.THREAD: b"",
            Option.MARS: b"\0",
        }
        if Option.FEDERATED in options:
            takes_tokens = self.server.access_token is not None
            answer[Option.FEDERATED] = options[Option.FEDERATED] if takes_tokens else b"\0"
        response = prelogin.build({int(key): value for key, value in answer.items()})
        self.transport.send(packet(Kind.RESPONSE, EOM, response, 1, self.spid))
        if chosen in {Encryption.ON, Encryption.REQUIRED} and asked is Encryption.NOT_SUPPORTED:
            raise ConnectionError("the client has no TLS, and the server asks for it")
        return chosen

    def _login(self, login: login7.Login) -> bool:
        server = self.server
        self.login = login
        response = self._response()
        try:
            if login.version < TDS_7_3 and login.version != TDS_8_0:
                raise SqlError(17836, f"The TDS test server speaks TDS 7.3 and later, not 0x{login.version:08x}.", 20)  # noqa: TRY301 - answered below like any other
            failed = SqlError(18456, f"Login failed for user '{login.user}'.", 14)
            if login.integrated:
                raise SqlError(  # noqa: TRY301 - as above
                    18452,
                    "Login failed. The login is from an untrusted domain and cannot be used with "
                    "Integrated authentication.",
                    14,
                )
            if login.token is not None:
                if login.token != server.access_token:
                    raise SqlError(18456, "Login failed for user '<token-identified principal>'.", 14)  # noqa: TRY301 - as above
                login.user = server.user
            elif login.user.lower() != server.user.lower() or login.password != server.password:
                raise failed
            if server.faults.login_error is not None:
                raise server.faults.login_error
            if server.faults.route_to is not None:
                response.token(tokens.login_acknowledged(self._version(login), PROGRAM, VERSION))
                response.token(tokens.routing(*server.faults.route_to))
                response.finish()
                return False
            database = server.instance.database(login.database or server.databases[0])
            if database is None:
                text = f'Cannot open database "{login.database}" requested by the login. The login failed.'
                response.say(SqlError(4060, text, 11))
                raise failed
        except SqlError as error:
            response.error(error)
            response.finish()
            return False
        self.session = Session(server.instance, self, database)
        self._greet(login, response, database)
        return True

    def _version(self, login: login7.Login) -> int:
        return TDS_8_0 if self.strict and login.version == TDS_8_0 else min(login.version, TDS_7_4)

    def _greet(self, login: login7.Login, response: Response, database: str) -> None:
        response.token(tokens.environment(tokens.ENV_DATABASE, database, "master"))
        response.say(SqlError(5701, f"Changed database context to '{database}'.", 0, 2))
        response.token(tokens.collation_change())
        response.token(tokens.environment(tokens.ENV_LANGUAGE, "us_english", ""))
        response.say(SqlError(5703, "Changed language setting to us_english.", 0, 1))
        response.token(tokens.login_acknowledged(self._version(login), PROGRAM, VERSION))
        size = min(max(login.packet_size or DEFAULT_PACKET_SIZE, 512), 32767)
        response.token(tokens.environment(tokens.ENV_PACKET_SIZE, str(size), str(DEFAULT_PACKET_SIZE)))
        if login.features:
            response.token(tokens.features_acknowledged(federated=login.token is not None))
        response.finish()
        self.packet_size = size

    # After the login

    def drop_bulk(self, *, drop: bool) -> None:
        """Whether the data of the next bulk load is put aside."""
        self._assembler.drop_bulk = drop

    def take_dropped(self) -> list[bytes]:
        """The data of bulk loads that was put aside since this was asked last."""
        dropped, self._assembler.dropped = self._assembler.dropped, []
        return dropped

    def _read(self) -> None:
        """What the second thread does: an attention goes past the requests."""
        try:
            while data := self.transport.receive():
                for message in self._assembler.feed(data):
                    if message.kind == Kind.ATTENTION and self._interrupt():
                        continue
                    with self._state:
                        self._waiting += 1
                    self._messages.put(message)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            self._end()
            self._messages.put(None)

    def _interrupt(self) -> bool:
        """Stops what runs or is about to; whether there is something."""
        with self._state:
            if not self._waiting:
                return False
            self._attention = True
        if self.session is not None:
            self.session.interrupt()
        return True

    def stopped(self) -> bool:
        """Whether an attention came for the request that runs, or nobody waits for its answer any more."""
        return self._attention or self._over

    def _serve(self, message: Message) -> None:
        """Answers a request; an attention that nothing ran for is answered alone."""
        assert self.session is not None
        if message.kind == Kind.ATTENTION:
            self.session.bulk = None  # it may have cut a bulk load short
            with self._state:
                self._waiting -= 1
            self._response().finish(attention=True)
            return
        self.served += 1
        self.server.faults.reach("request")
        response = self._response(in_procedure=message.kind == Kind.RPC)
        response.in_transaction = self.session.in_transaction
        try:
            requests.serve(self, self.session, message, response)
        except Cancelled:
            self._attention = True
        except (OSError, ssl.SSLError, Close):
            raise
        except Exception as error:  # noqa: BLE001 - a mistake of this server, unless it was interrupted: the test fails
            if not (self.stopped() and isinstance(error, sqlite3.OperationalError)):
                self.server.failures.append(traceback.format_exc())
            response.error(SqlError(50000, f"The TDS test server failed: {error!r}", 16))
        self.session.settle()
        with self._state:
            self._waiting -= 1
            attention, self._attention = self._attention, False
        response.finish(attention=attention)
