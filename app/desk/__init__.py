"""The desk: the staffed front line. Its rules (hours, phases, queue, waits, routing) are pure and know no sockets."""
