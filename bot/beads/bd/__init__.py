"""`bd`'s JSON Lines exports, read into issues that GitHub can hold and written from such issues.

`lines` is the file; `text` is how a row's long texts stand in a body and `marks` how its type, priority,
status and labels stand in labels, both in both directions. `reading` makes a plan of a whole file, `writing`
a file of a whole repository: what one writes the other reads back as it was.
"""
