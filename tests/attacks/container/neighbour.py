"""Listens as a program of another session would, and notes whoever comes."""
import socket
import threading


def note(what):
    with open("/tmp/visitors", "a") as file:
        file.write(what + "\n")


def stream(listener):
    while True:
        connection, address = listener.accept()
        note(f"{listener.family.name} {address}")
        connection.close()


def datagrams(listener):
    while True:
        data, address = listener.recvfrom(100)
        note(f"{listener.family.name} {address}")
        listener.sendto(data, address)


tcp = socket.create_server(("", 8000))
unix = socket.socket(socket.AF_UNIX)
unix.bind("\0ttygate-neighbour")
unix.listen()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("", 8001))
threads = [(stream, tcp), (stream, unix), (datagrams, udp)]
if socket.has_ipv6:
    udp6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    udp6.bind(("::", 8001))
    threads.append((datagrams, udp6))
for act, listener in threads:
    threading.Thread(target=act, args=(listener,)).start()
print("listening", flush=True)
