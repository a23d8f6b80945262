"""A page in the browser for HuMo. Everything it knows and does goes through the HTTP API."""
