"""What goes over the wire: packets, the messages of a client, the tokens of a server. No SQL here."""
