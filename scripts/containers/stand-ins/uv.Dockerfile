# ghcr.io/astral-sh/uv: the program that Python's index has.
FROM scratch
COPY uv /uv
