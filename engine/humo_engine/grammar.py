"""The grammar of `generate.yaml`: `generate.schema.json`, which the bot's own check is written out to, held against a document.

What JSON Schema has no words for stands in the schema as `x-rule`, a name of `_RULES`, with its words in `x-message`. As in the bot, a
rule is asked only of a value that is otherwise right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

SCHEMA: Mapping[str, Any] = json.loads(Path(__file__).with_name("generate.schema.json").read_text(encoding="utf-8"))

_RULES: Mapping[str, Callable[[Any], bool]] = {
    "frame-count": lambda count: count % 4 == 1,
    "frames": lambda frames: frames["minimum"] <= frames["default"] <= min(frames["maximum"].values()),
    "length": lambda length: length["default"] <= length["maximum"],
    "shot": lambda shot: shot["maximum"] >= 2 * shot["minimum"],
    "overlap": lambda takes: takes["overlap"] < takes["window"] - 1,
    "default-preset": lambda file: file["defaultPreset"] in file["presets"],
}


def part(*path: str) -> Mapping[str, Any]:
    """The schema of one place in the file, such as `part("sampler", "shift")`. `*` stands for any key, or any item of a list."""
    found = SCHEMA
    for name in path:
        if name == "*":
            found = found["items"] if "items" in found else found["additionalProperties"]
        else:
            found = found["properties"][name] if "properties" in found else found["additionalProperties"]
    return found


def problems_of(document: Any) -> list[str]:
    """Everything that is wrong in a document with text keys, as `path: what is wrong`, each place once."""
    found: dict[str, str] = {}
    for error in sorted(_validator().iter_errors(document), key=lambda error: [str(key) for key in error.absolute_path]):
        for path, words in _described(error):
            found.setdefault(path, words)
    found.update(dict(_broken_rules(document, SCHEMA, "", set(found))))
    return [f"{path or 'the document'}: {words}" for path, words in sorted(found.items())]


def completed(value: Any, schema: Mapping[str, Any] = SCHEMA) -> Any:
    """A copy of a right document with the schema's defaults filled in, whole numbers as int and all others as float."""
    if isinstance(value, Mapping):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties")
        filled = {name: below["default"] for name, below in known.items() if "default" in below}
        return {name: completed(below, known.get(name) or others) for name, below in {**filled, **value}.items()}
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        return [completed(item, first[index] if index < len(first) else schema["items"]) for index, item in enumerate(value)]
    if type(value) in (int, float):
        return int(value) if schema.get("type") == "integer" or "enum" in schema or "const" in schema else float(value)
    return value


def _described(error: ValidationError) -> Iterator[tuple[str, str]]:
    path = ".".join(str(key) for key in error.absolute_path)
    under = f"{path}." if path else ""
    schema, value = error.schema, error.instance
    if error.validator == "required":
        for name in schema["required"]:
            if name not in value:
                yield f"{under}{name}", "is missing"
    elif error.validator == "additionalProperties":
        for name in value:
            if name not in schema["properties"]:
                yield f"{under}{name}", f"is not a known setting; there are {', '.join(schema['properties'])}"
    elif "propertyNames" in error.schema_path:
        yield f"{under}{value}", schema.get("x-message") or f"is not one of {', '.join(schema['enum'])}"
    elif error.validator in ("const", "maxProperties"):
        yield path, schema["x-message"]
    else:
        yield path, f"must be {_expected(schema)}, not {value!r}"


def _expected(schema: Mapping[str, Any]) -> str:
    """What a place takes, in words."""
    if "anyOf" in schema:
        return " or ".join(_expected(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    kind = schema["type"]
    if kind in ("integer", "number"):
        words = ["a whole number" if kind == "integer" else "a number"]
        signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "multipleOf": "a multiple of"}
        words += [f"{sign} {schema[name]}" for name, sign in signs.items() if abs(schema.get(name, math.inf)) < 2**53 - 1]
        return " and ".join([" ".join(words[:2]), *words[2:]])
    if kind == "string":
        return "a text that is not empty" + (f", of at most {schema['maxLength']} characters" if "maxLength" in schema else "")
    if kind == "array":
        return "[width, height]" if "prefixItems" in schema else f"a list of at most {schema['maxItems']}"
    return {"object": "a mapping", "boolean": "true or false", "null": "null"}[kind]


def _broken_rules(value: Any, schema: Any, path: str, wrong: set[str]) -> Iterator[tuple[str, str]]:
    """The rules that do not hold, inner ones first, as (path, words); those found are added to `wrong`, the paths of what is wrong."""
    under = f"{path}." if path else ""
    if isinstance(value, Mapping) and isinstance(schema, Mapping):
        known = schema.get("properties", {})
        for name, below in value.items():
            yield from _broken_rules(below, known.get(name) or schema.get("additionalProperties"), f"{under}{name}", wrong)
    if not isinstance(schema, Mapping) or "x-rule" not in schema or any(at == path or at.startswith(under) for at in wrong):
        return
    if not _RULES[schema["x-rule"]](value):
        at, names = ("defaultPreset", f": {', '.join(value['presets'])}") if schema["x-rule"] == "default-preset" else (path, "")
        wrong.add(at)
        yield at, schema["x-message"] + names


def _longest(validator: Any, most: int, value: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    # As the bot, and Discord, take a text to be: in UTF-16.
    if isinstance(value, str) and len(value.encode("utf-16-le", "surrogatepass")) // 2 > most:
        yield ValidationError(f"longer than {most}")


@cache
def _validator() -> Draft202012Validator:
    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            # 97.0 is whole, as it is for the bot; true is no number, and neither are NaN and infinity.
            "integer": lambda _, value: type(value) is int or (type(value) is float and value.is_integer()),
            "number": lambda _, value: type(value) in (int, float) and math.isfinite(value),
        }
    )
    return extend(Draft202012Validator, {"maxLength": _longest}, type_checker=types)(SCHEMA)
