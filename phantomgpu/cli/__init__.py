"""The command line: the shell that holds files, sockets, clock and environment."""
