"""Runs as `unshare --net python confined_jar.py FD DIRECTORY`: DynamoDB Local in a network of its own.

The jar listens on every address and cannot be told otherwise. In its own network namespace there is no address
but loopback; the one way in is the socket FD, which the tests opened on 127.0.0.1 outside and which goes on
living there. Everything ends when standard input does, so also when the tests are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import socket
import struct
import sys
from pathlib import Path

PORT = 8000
CHUNK = 65_536
POLL_S = 0.1
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def raise_loopback() -> None:
    """A new namespace has loopback, but down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        (flags,) = struct.unpack_from("h", answer, 16)
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection from outside, passed on to the jar."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", PORT)
    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))


async def await_jar(java: asyncio.subprocess.Process) -> None:
    """Wait until the jar takes connections, or has ended."""
    while java.returncode is None:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", PORT)
            writer.close()
            return
        await asyncio.sleep(POLL_S)


async def until_input_ends() -> None:
    """Standard input says whether the tests still live."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def serve(listener: socket.socket, directory: Path, java_command: str) -> int:
    """Run the jar and pass connections on until it or the tests end; its exit code."""
    java = await asyncio.create_subprocess_exec(
        java_command,
        "-Xmx512m",
        f"-Djava.library.path={directory / 'DynamoDBLocal_lib'}",
        "-jar",
        str(directory / "DynamoDBLocal.jar"),
        *("-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(PORT)),
        cwd=directory,
        stdin=asyncio.subprocess.DEVNULL,
    )
    ended, closed = asyncio.ensure_future(java.wait()), asyncio.ensure_future(until_input_ends())
    try:
        await await_jar(java)
        server = await asyncio.start_server(relay, sock=listener)
        await asyncio.wait([ended, closed], return_when=asyncio.FIRST_COMPLETED)
        server.close()
    finally:
        if java.returncode is None:
            java.kill()
    return await java.wait()


if __name__ == "__main__":
    raise_loopback()
    inherited, home, command = sys.argv[1:]
    sys.exit(asyncio.run(serve(socket.socket(fileno=int(inherited)), Path(home), command)))
