"""The TypeScript target: a self-contained ES module from a
plan, and an earlier module read back.
"""
