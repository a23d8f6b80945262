"""The official weight files: fetch, check, find, and convert.

`weights.lock.json` says which files of which revision belong to a model and what their sizes and SHA-256 sums are (`lock.py`). A
file is downloaded into a folder of its own in `weights/.partial/`, checked there, and only then renamed to its place,
so whatever lies at its place is complete (`download.py`). What was checked is written down in `weights/.verified.json`, and so is
what a conversion wrote (`record.py`).
"""
