"""What pydantic found wrong with a spec, in one line: each argument, what was expected, what came.

What was expected is read from the model's JSON schema, so that a key is described once, by its type.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from qtrain.errors import QTrainError

Node = Mapping[str, Any]


def sentences(error: ValidationError, model: type[BaseModel], whole: str = "spec") -> str:
    """Every error of a validation as sentences on one line, unknown keys first."""
    schema = model.model_json_schema()
    unknown: list[str] = []
    said: list[str] = []
    for item in error.errors(include_url=False):
        where, node = locate(schema, item["loc"])
        kind, given = item["type"], item["input"]
        cause = (item.get("ctx") or {}).get("error")
        if kind == "extra_forbidden":
            unknown.append(repr(where) + _did_you_mean(schema, item["loc"]))
        elif kind == "unknown_keys":
            for name in item["ctx"]["keys"]:
                unknown.append(repr(f"{where}.{name}") + _did_you_mean(schema, (*item["loc"], name)))
        elif kind == "missing":
            table = where.rpartition(".")[0]
            add = f"add `{where.rpartition('.')[2]} = ...` to {table}" if table else f"add it to the {whole}"
            said.append(f"{where} should be given. Got nothing: {add}.")
        elif kind.startswith("union_tag"):
            tags = ", ".join(map(repr, node["discriminator"]["mapping"]))
            tag = given.get("kind") if isinstance(given, Mapping) else given
            said.append(f"{where}.kind should be one of {tags}. Got {tag!r}.")
        elif isinstance(cause, QTrainError):
            said.append(str(cause))
        elif cause is not None:
            said.append(f"{where} {cause}. Got {shown(given)}.")
        elif kind == "too_short":
            if given:
                continue  # its values were refused, each with a sentence of its own
            said.append(f"{where} should be {expected(schema, node)}. Got an empty list.")
        else:
            said.append(f"{where or whole} should be {expected(schema, node)}. Got {shown(given)}.")
    if unknown:
        said.insert(0, f"{whole} should hold known keys only. Got {', '.join(unknown)}.")
    return " ".join(dict.fromkeys(said))


def shown(value: Any) -> str:
    """A value in a sentence: what is long is cut."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 200 else text[:197] + "..."


def locate(schema: Node, loc: Sequence[int | str]) -> tuple[str, Node]:
    """The place of an error as a dotted key, and the node of the schema that describes it."""
    node, where = schema, ""
    for part in loc:
        node = _followed(schema, node)
        if isinstance(part, int):
            where += f"[{part}]"
            node = node.get("items", {})
        elif part in node.get("discriminator", {}).get("mapping", {}):
            node = {"$ref": node["discriminator"]["mapping"][part]}
        else:
            where += f".{part}" if where else part
            others = node.get("additionalProperties") or {}
            node = node.get("properties", {}).get(part, others)
    return where, _followed(schema, node)


def _followed(schema: Node, node: Node) -> Node:
    """The node behind references and "or nothing"."""
    for choices in (node.get("anyOf"), node.get("allOf")):
        solid = [choice for choice in choices or () if choice.get("type") != "null"]
        if len(solid) == 1:
            return _followed(schema, solid[0])
    if "$ref" in node:
        return _followed(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    return node


def expected(schema: Node, node: Node) -> str:
    """What a key of this schema holds, in words.

    Example:
        >>> expected({}, {"type": "integer", "minimum": 1, "maximum": 64})
        'a whole number, from 1 to 64'
    """
    if node.get("type") == "object" or "discriminator" in node:
        return "a table with a kind" if "discriminator" in node else "a table of keys and values"
    if "description" in node:
        return str(node["description"])
    if "enum" in node or "const" in node:
        options = node.get("enum") or [node["const"]]
        return ("one of " if len(options) > 1 else "") + ", ".join(map(repr, options))
    kinds = {
        "integer": "a whole number", "number": "a finite number", "boolean": "true or false", "string": "a text",
        "array": "a list with at least one value" if node.get("minItems") else "a list",
    }  # fmt: skip
    return kinds.get(str(node.get("type")), "of another kind") + _bounds(node)


def _bounds(node: Node) -> str:
    if node.get("type") == "integer" and "minimum" in node and "maximum" in node:
        return f", from {node['minimum']} to {node['maximum']}"
    words = (("exclusiveMinimum", "above"), ("minimum", "at least"), ("maximum", "at most"))
    found = [f"{word} {node[key]:g}" for key, word in words if key in node]
    return ", " + " and ".join(found) if found else ""


def _did_you_mean(schema: Node, loc: Sequence[int | str]) -> str:
    where, table = locate(schema, loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), list(table.get("properties", {})), n=1, cutoff=0.7)
    known = [f"{where}.{name}" if where else name for name in close]
    return f" (did you mean {known[0]!r}?)" if known else ""
