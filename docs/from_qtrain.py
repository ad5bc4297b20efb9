"""Directives that show what the package itself says.

``qtrain-verbs``: a section for each verb of the command line, with its help as a terminal shows it.
``qtrain-glossary``: the words of the pages, from the table that the pages use.
``qtrain-spec``: the keys of a search's specification, from the schema that editors use.
"""

import json
from importlib.resources import files
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive


class Verbs(Directive):
    def run(self) -> list[nodes.Node]:
        import typer

        from qtrain.cli.app import app

        group = typer.main.get_command(app)
        found: list[nodes.Node] = []
        for name, command in _verbs(group.commands):
            section = nodes.section(ids=[f"qtrain-{name.replace(' ', '-')}"], names=[f"qtrain {name}"])
            section += nodes.title(text=f"qtrain {name}")
            context = command.make_context(
                f"qtrain {name}", [], resilient_parsing=True, terminal_width=88, max_content_width=88
            )
            block = nodes.literal_block(text=command.get_help(context).strip())
            block["language"] = "text"
            section += block
            self.state.document.note_explicit_target(section)
            found.append(section)
        return found


def _verbs(commands: dict) -> list[tuple[str, Any]]:
    """Names and commands, those inside of a verb by both names."""
    found = []
    for name, command in commands.items():
        if command.hidden:
            continue
        inner = getattr(command, "commands", None)
        found += [(f"{name} {own}", one) for own, one in _verbs(inner)] if inner else [(name, command)]
    return found


class Glossary(Directive):
    def run(self) -> list[nodes.Node]:
        from qtrain.views.page.glossary import TERMS

        terms = {key: TERMS[key] for key in TERMS}
        listed = nodes.definition_list()
        for key, term in sorted(terms.items(), key=lambda row: row[1].word.lower()):
            item = nodes.definition_list_item(ids=[f"term-{key.lower()}"])
            item += nodes.term(text=term.word)
            meaning = nodes.paragraph(text=term.meaning)
            for k, other in enumerate(term.see):
                meaning += nodes.Text(" See " if k == 0 else ", ")
                meaning += nodes.reference("", terms[other].word, internal=True, refid=f"term-{other.lower()}")
            item += nodes.definition("", meaning)
            listed += item
        return [listed]


def _values(schema: dict) -> str:
    """What a key takes, in a few words."""
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(filter(None, map(_values, schema[several]))))
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    if "const" in schema:
        return repr(schema["const"])
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[-1]
    kind = schema.get("type", "anything")
    words = {"null": "none", "array": "a list", "object": "a table", "string": "text", "integer": "a whole number"}
    limits = [f"{word} {schema[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
    return " ".join([words.get(kind, "a number" if kind == "number" else kind), *limits])


def _rows(properties: dict) -> nodes.table:
    table = nodes.table(classes=["spec"])
    group = nodes.tgroup(cols=3)
    table += group
    for width in (25, 25, 50):
        group += nodes.colspec(colwidth=width)
    head, body = nodes.thead(), nodes.tbody()
    group += [head, body]
    listed = [("key", "default", "takes")]
    for key, schema in properties.items():
        default = schema.get("default", "needed")
        shown = "its own" if isinstance(default, dict) else default if default == "needed" else json.dumps(default)
        listed.append((key, shown, _values(schema)))
    for n, cells in enumerate(listed):
        row = nodes.row()
        for k, cell in enumerate(cells):
            literal = n and (k == 0 or (k == 1 and cell not in ("needed", "its own")))
            text = nodes.literal(text=cell) if literal else nodes.Text(cell)
            row += nodes.entry("", nodes.paragraph("", "", text))
        (body if n else head).append(row)
    return table


class Spec(Directive):
    def run(self) -> list[nodes.Node]:
        text = files("qtrain.studies.spec").joinpath("schema.json").read_text(encoding="utf-8")
        schema = json.loads(text)
        found: list[nodes.Node] = [_rows(schema["properties"])]
        for name, part in schema["$defs"].items():
            if "properties" not in part:
                continue
            section = nodes.section(ids=[f"spec-{name.lower()}"], names=[name])
            section += nodes.title(text=name)
            for paragraph in part.get("description", "").split("\n\n"):
                section += nodes.paragraph(text=paragraph.replace("``", ""))
            section += _rows(part["properties"])
            found.append(section)
        return found


def setup(app):
    app.add_directive("qtrain-spec", Spec)
    app.add_directive("qtrain-glossary", Glossary)
    app.add_directive("qtrain-verbs", Verbs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
