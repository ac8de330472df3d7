"""Calls that use ViewComfy's keys, read from a program's syntax tree and rewritten for a generated
module.
"""
