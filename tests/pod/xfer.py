#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An ordinary TCP program: sends a known number of bytes each way and says how many arrived.

    xfer.py server PORT [ADDRESS]         serves until killed; one connection after the other
    xfer.py client ADDRESS PORT BYTES     sends BYTES, reads as many back, exits 0 if all arrived

What an SMC test compares with the kernel's statistics is counted here, by the program itself.
"""
import socket
import sys

CHUNK = 16384


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def receive(sock, want):
    got = 0
    while got < want:
        data = sock.recv(min(CHUNK, want - got))
        if not data:
            break
        got += len(data)
    return got


def send(sock, count):
    block = b"x" * CHUNK
    while count > 0:
        n = min(CHUNK, count)
        sock.sendall(block[:n])
        count -= n


def serve(port, address="0.0.0.0"):
    listener = socket.socket(family(address), socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    listener.listen(64)
    print("listening", flush=True)
    while True:
        conn, _ = listener.accept()
        with conn:
            header = b""
            while not header.endswith(b"\n"):
                byte = conn.recv(1)
                if not byte:
                    break
                header += byte
            else:
                got = receive(conn, int(header))
                send(conn, got)
                print("served", got, flush=True)


def client(address, port, count):
    with socket.socket(family(address), socket.SOCK_STREAM) as sock:
        sock.settimeout(60)
        sock.connect((address, port))
        header = b"%d\n" % count
        sock.sendall(header)
        # In turns, so that no buffer size can make the two sides wait for each other.
        send(sock, count)
        back = receive(sock, count)
        protocol = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL)
        print("sent", count + len(header), "received", back, "protocol", protocol, flush=True)
        return 0 if back == count else 1


if __name__ == "__main__":
    if sys.argv[1] == "server":
        serve(int(sys.argv[2]), *sys.argv[3:4])
    else:
        sys.exit(client(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
