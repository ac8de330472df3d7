"""The languages and formats in which a plan is written, a package or module for each."""
