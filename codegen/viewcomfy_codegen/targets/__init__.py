"""The languages in which a plan is written out, one room or file each."""
