"""The server's HTTP: who may call, how calls are read and answered, and the log of them."""
