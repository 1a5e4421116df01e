"""The gateway: Socket.IO namespaces, payloads, rooms, publishing. It knows sockets and no rules."""
