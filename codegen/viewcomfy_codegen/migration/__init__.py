"""Calls with ViewComfy's keys, read from a program's syntax
tree and written for a generated module.
"""
