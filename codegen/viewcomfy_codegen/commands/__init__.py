"""The commands, one module each; they read, call, write and print."""
